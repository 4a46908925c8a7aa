"""`PUT` of what there is to study: what events about it need not say any more."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel, Field, ValidationError

from ingestion.activity.catalogue import (
    KINDS,
    MOST_ITEMS,
    Put,
    put_items,
)
from ingestion.api.activity_document import ACTIVITY_REFUSALS
from ingestion.api.auth import require_server
from ingestion.api.body import read_object
from ingestion.api.errors import RequestRefusedError
from ingestion.api.openapi import (
    ENCODING,
    REFERENCE,
    SECURITY,
    SERVER_REFUSALS,
    WRITER_REFUSALS,
    Json,
    answered,
    refusals,
)
from ingestion.api.settings import IngestionSettings
from ingestion.events.codes import Code
from ingestion.events.fields import Identifier
from ingestion.events.normalisation import UnfitError, normalise
from ingestion.events.refusal import reject_for, render_path
from ingestion.events.validation import refuse_name
from ingestion.privacy.guard import holds_private_id, redact

_AS_IT_IS = frozenset({"topic_id", "correct_answer"})  # an id; compared letter by letter
_PLURALS = {"question": "questions", "material": "materials", "topic": "topics"}


class _Named(BaseModel):
    item_id: Identifier


class ContentAnswer(BaseModel):
    """It is stored for good, in place of what was put before."""

    stored: int = Field(description="Items put.")


router = APIRouter(
    tags=["content"],
    dependencies=[Depends(require_server)],
    responses=refusals(
        {status: ACTIVITY_REFUSALS[status] for status in (400, 408, 413, 415)},
        {
            422: {
                "not_an_object": "the body is not a JSON object",
                "unknown_field": "`nam` a topic has no such field; did you mean name? (of t1)",
                "invalid_value": "`difficulty` must be 'easy', 'medium' or 'hard'",
                "private_data": "`topic_id` holds an e-mail address",
                "too_many_items": "1200 items in one request: send at most 1000",
            }
        },
        WRITER_REFUSALS,
        {403: SERVER_REFUSALS[403]},
    ),
)


def _add_route(kind: str) -> None:
    model, plural = KINDS[kind], _PLURALS[kind]
    router.add_api_route(
        f"/api/{plural}/{{{kind}_id}}",
        _handler(kind),
        methods=["PUT"],
        response_model=ContentAnswer,
        operation_id=f"put_{kind}",
        summary=f"Tell what a {kind} is",
        responses={200: answered("It is stored.", {"stored": 1})},
        openapi_extra={
            "parameters": [
                {
                    "name": f"{kind}_id",
                    "in": "path",
                    "required": True,
                    "description": f"The id by which events name the {kind}.",
                    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
                },
                ENCODING,
            ],
            **_body_of(model),
        },
    )


def _handler(kind: str) -> Callable[[Request], Awaitable[ContentAnswer]]:
    async def put(request: Request) -> ContentAnswer:
        settings: IngestionSettings = request.app.state.settings
        body = await read_object(request, settings.max_activity_bytes)
        return await _store(request, [_read(kind, request.path_params[f"{kind}_id"], body)])

    put.__doc__ = f"Store what events about the {kind} may take from here."
    return put


@router.put(
    "/api/content",
    operation_id="put_content",
    summary="Tell what many things are",
    responses={200: answered("All of it is stored.", {"stored": 2})},
    openapi_extra={
        "parameters": [ENCODING],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": REFERENCE.format(model="Catalogue")},
                    "example": {
                        "questions": {"q5012": {"topic_id": "cardiology", "correct_answer": "A"}},
                        "topics": {"cardiology": {"name": "Cardiology", "level": 2}},
                    },
                }
            },
        },
        "security": SECURITY,
    },
)
async def put_content(request: Request) -> ContentAnswer:
    """Store up to 1,000 items, all of them or none."""
    settings: IngestionSettings = request.app.state.settings
    body = await read_object(request, settings.max_body_bytes)
    kinds = {plural: kind for kind, plural in _PLURALS.items()}
    items: list[Put] = []
    for plural, members in body.items():
        if plural not in kinds or not isinstance(members, dict):
            words = "send {questions: {ID: {...}}, materials: {...}, topics: {...}}, nothing else"
            raise RequestRefusedError(422, "invalid_value", words)
        if len(items) + len(members) > MOST_ITEMS:
            words = f"over {MOST_ITEMS} items in one request: send at most {MOST_ITEMS}"
            raise RequestRefusedError(422, "too_many_items", words)
        items += [_read(kinds[plural], item_id, told) for item_id, told in members.items()]
    return await _store(request, items)


async def _store(request: Request, items: list[Put]) -> ContentAnswer:
    pool: AsyncConnectionPool = request.app.state.activity_pool
    async with pool.connection() as connection:
        await put_items(connection, items)
    return ContentAnswer(stored=len(items))


def _read(kind: str, item_id: str, body: object) -> Put:
    told: dict[str, Any] = {}
    known = KINDS[kind].model_fields
    for name in body if isinstance(body, dict) else ():
        if name not in known:
            unknown = refuse_name(Code.UNKNOWN_FIELD, f"a {kind} has no such field", (name,), known)
            raise _refuse(item_id, unknown.code, unknown.path, unknown.message)
    try:
        named = normalise({"item_id": item_id})
        _Named.model_validate(named)
        told = normalise(body)
        KINDS[kind].model_validate(told)
    except UnfitError as unfit:
        raise _refuse(item_id, unfit.code.value, render_path(unfit.path), unfit.message) from unfit
    except ValidationError as error:
        why = reject_for(error, told)
        raise _refuse(item_id, why.code, why.path or f"{kind}_id", why.message) from error
    for name, text in {f"{kind}_id": item_id, "topic_id": told.get("topic_id")}.items():
        if text is not None and holds_private_id(text):
            words = "holds an e-mail address: an id must not say whose it is"
            raise RequestRefusedError(422, "private_data", f"`{name}` {words}")
    return Put(kind, item_id, _guard(told))


def _guard(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: redact(value)[0] if isinstance(value, str) and name not in _AS_IT_IS else value
        for name, value in told.items()
    }


def _refuse(item_id: str, code: str, path: str, message: str) -> RequestRefusedError:
    return RequestRefusedError(422, code, f"`{path}` {message} (of {render_path([item_id])})")


def _body_of(model: type[BaseModel]) -> Json:
    examples = {
        name: field.examples[0] for name, field in model.model_fields.items() if field.examples
    }
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": REFERENCE.format(model=model.__name__)},
                    "example": examples,
                }
            },
        },
        "security": SECURITY,
    }


for _kind in KINDS:
    _add_route(_kind)
