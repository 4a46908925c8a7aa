"""What FastAPI cannot see: keys, refusals, and the bodies that are read by hand."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from ingestion.api.errors import Problem
from ingestion.events.envelope import whole_event
from ingestion.events.examples import build_example
from ingestion.events.plan import PLAN

Json = dict[str, Any]
REFERENCE = "#/components/schemas/{model}"
_MAY_BE_RESENT = (429, 500, 503)

_TAGS = [
    {"name": "events", "description": "Land study events; each gets a verdict of its own."},
    {"name": "segment", "description": "What Segment's and RudderStack's SDKs send."},
    {
        "name": "activity",
        "description": "Tell what a learner does, route by route: it is enriched, awarded for and"
        " stored in one transaction.",
    },
    {"name": "content", "description": "Tell what there is to study. For server keys."},
    {"name": "learners", "description": "Read what a learner came to. For server keys."},
    {"name": "health", "description": "Is it alive, is it ready, what has it done."},
]
_SECURITY_SCHEMES = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key (`study keys create`). With no keys at all only senders on"
        " the service's own machine are served, and need none.",
    },
    "key_as_user_name": {
        "type": "http",
        "scheme": "basic",
        "description": "The same key as user name, the password empty, as Segment's SDKs send it.",
    },
}
_REQUEST_ID = {
    "X-Request-Id": {
        "description": "Of this request, as in the service's log: the sender's own where that is a"
        " UUID or 32 hexadecimal digits.",
        "schema": {"type": "string"},
    }
}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds after which the same request may be sent again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
ENCODING = {
    "name": "Content-Encoding",
    "in": "header",
    "required": False,
    "description": "`gzip` where the body is compressed; the limits hold for the inflated body.",
    "schema": {"type": "string", "enum": ["identity", "gzip"]},
}
SECURITY: list[Json] = [{"key": []}, {"key_as_user_name": []}, {}]

Refusals = Mapping[int, Mapping[str, str]]

SERVER_REFUSALS: Refusals = {
    403: {
        "server_key_required": "a write key may not do this: send a key of scope server, ...",
        "loopback_only": "there are no write keys: make one with `study keys create`, ...",
        "foreign_origin": "pages of this origin may not send: set STUDY_CORS_ORIGINS",
    },
}
WRITER_REFUSALS: Refusals = {
    401: {"unknown_write_key": "send a write key as `Authorization: Bearer KEY` or ..."},
    403: {
        "loopback_only": "there are no write keys: make one with `study keys create`, ...",
        "foreign_origin": "pages of this origin may not send: set STUDY_CORS_ORIGINS",
    },
    429: {
        "too_many_requests": "over 1000 events a second: nothing was stored; ...",
        "too_many_waiting": "more events wait than may: nothing was stored; ...",
    },
    500: {"internal_error": "an error of the service's own, logged under ..."},
    503: {
        "database_unavailable": "the database cannot be reached: nothing was acknowledged; ...",
        "shutting_down": "the service ended before the answer: ...; send the same batch again",
    },
}
BATCH_REFUSALS: Refusals = {
    400: {
        "malformed_json": "the body is no JSON at character 12",
        "malformed_gzip": "the body is no gzip stream",
        "nested_too_deeply": "arrays and objects are over 64 levels deep",
    },
    408: {"body_too_slow": "the body came too slowly: nothing was stored; send smaller batches"},
    413: {
        "body_too_large": "the body is over 4194304 bytes (inflated): send smaller batches",
        "too_many_events": "1200 events in one batch: send at most 1000",
    },
    415: {
        "unsupported_media_type": "send application/json",
        "unsupported_encoding": "send it plain or gzipped",
    },
    422: {"not_a_batch": '`events` is missing or no list; send {"events": [...]}'},
}


class EventBatch(BaseModel):
    """Events to land: at most 1,000, at most 4 MiB inflated. Gzip is welcome."""

    events: list[Any] = Field(max_length=1_000)
    sent_at: datetime | None = Field(
        default=None,
        description="The client's clock when it sent the batch; by it the clock's skew is taken"
        " out of every `occurred_at`.",
    )


def refusals(*groups: Refusals) -> dict[int | str, Json]:
    """The responses of a route that refuses whole requests, by status: codes with examples."""
    return {
        status: {
            "model": Problem,
            "description": ", ".join(f"`{code}`" for code in codes),
            "headers": _REQUEST_ID | (_RETRY_AFTER if status in _MAY_BE_RESENT else {}),
            "content": {
                "application/json": {
                    "examples": {
                        code: {"value": {"error": code, "message": message}}
                        for code, message in codes.items()
                    }
                }
            },
        }
        for group in groups
        for status, codes in group.items()
    }


def answered(description: str, example: Json) -> Json:
    """The response of a route that did what was asked."""
    return {
        "description": description,
        "headers": _REQUEST_ID,
        "content": {"application/json": {"example": example}},
    }


def body_of(*models: str) -> Json:
    """What a route that takes any one of the models named says of its request."""
    references: Sequence[Json] = [{"$ref": REFERENCE.format(model=model)} for model in models]
    single = "AnyEvent" in models
    examples = {
        name: {
            "summary": event_type.description,
            "value": example if single else {"events": [example]},
        }
        for name, event_type in PLAN.items()
        for example in [build_example(event_type)]
    }
    schema = {"anyOf": references} if len(references) > 1 else references[0]
    beacon = {"type": "string", "description": "The same JSON, as `navigator.sendBeacon` sends it."}
    return {
        "parameters": [ENCODING],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": schema, "examples": examples},
                "text/plain": {"schema": beacon},
            },
        },
        "security": SECURITY,
    }


METRICS_RESPONSES: dict[int | str, Json] = {
    200: {
        "description": "Counters in Prometheus' text format.",
        "headers": _REQUEST_ID,
        "content": {"text/plain": {"schema": {"type": "string"}}},
    },
    **refusals(WRITER_REFUSALS),
}


def describe(app: FastAPI, more_schemas: Callable[[], Mapping[str, Json]]) -> None:
    """Make `/openapi.json` tell everything the routes alone do not.

    `more_schemas` are those that routes refer to, beside the events'.
    """

    def openapi() -> Json:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                routes=app.routes,
                tags=_TAGS,
            )
            document["components"]["schemas"] |= {**_event_schemas(), **more_schemas()}
            document["components"]["securitySchemes"] = _SECURITY_SCHEMES
            app.openapi_schema = document
        return app.openapi_schema

    # FastAPI's documented way to extend the document; mypy sees a method assigned.
    app.openapi = openapi  # type: ignore[method-assign]


def _event_schemas() -> dict[str, Json]:
    models: list[type[BaseModel]] = [*(whole_event(name) for name in PLAN), EventBatch]
    references, found = models_json_schema(
        [(model, "validation") for model in models], ref_template=REFERENCE
    )
    schemas: dict[str, Json] = found["$defs"]
    kinds = {name: references[whole_event(name), "validation"]["$ref"] for name in PLAN}
    schemas["AnyEvent"] = {
        "description": "A study event; its type decides on its properties.",
        "oneOf": [{"$ref": reference} for reference in kinds.values()],
        "discriminator": {"propertyName": "event_type", "mapping": kinds},
    }
    schemas["EventBatch"]["properties"]["events"]["items"] = {
        "$ref": REFERENCE.format(model="AnyEvent")
    }
    return schemas
