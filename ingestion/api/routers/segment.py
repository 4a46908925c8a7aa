"""Segment's HTTP API: an unchanged SDK of Segment's or RudderStack's lands study events."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from ingestion.api.accounting import account_batch, admit_batch
from ingestion.api.auth import require_writer
from ingestion.api.context import request_context
from ingestion.api.openapi import SECURITY, WRITER_REFUSALS, answered, refusals
from ingestion.api.segment_body import read_call
from ingestion.api.segment_document import (
    ANSWER,
    CALL_REFUSALS,
    SOURCE_CONFIG,
    describe_call,
)
from ingestion.api.verdicts import BatchVerdict, encode, tell_report
from ingestion.landing.judging import judge_values
from ingestion.landing.queue import LandingQueue

_ALIASES = {
    "batch": ("b", "import"),
    "track": ("t",),
    "page": ("p",),
    "screen": ("s",),
    "identify": ("i",),
    "group": ("g",),
    "alias": ("a",),
}
_SUMMARIES = {
    "batch": "Land a batch of messages",
    "track": "Land one event",
    "page": "Land one view of a page",
    "screen": "Land one view of a screen",
    "identify": "Refuse traits of a learner",
    "group": "Refuse traits of a group",
    "alias": "Refuse a second id of a learner",
}


class SegmentVerdict(BatchVerdict):
    """What became of the messages; sent after the commit. `success` is what SDKs look for."""

    success: bool = Field(description="Always true: each message has its own verdict.")


router = APIRouter(prefix="/v1", tags=["segment"])
configuration = APIRouter(tags=["segment"], dependencies=[Depends(require_writer)])


def _receive(call: str | None) -> Callable[[Request], Awaitable[Response]]:
    async def receive(request: Request) -> Response:
        queue: LandingQueue = request.app.state.landing
        queue.require_room(events=1)  # before a body is read that could only be thrown away
        said = await read_call(request, call)
        admit_batch(request, len(said.messages))
        judged = judge_values(
            said.messages,
            received_at=datetime.now(UTC),
            sent_at=said.sent_at,
            context=request_context(request),
            dialect=request.app.state.segment,
        )
        report = await queue.land(judged, said.size_bytes)
        account_batch(request, judged, report)
        return Response(encode(tell_report(report, success=True)), media_type="application/json")

    return receive


for _call, _aliases in _ALIASES.items():
    for _path in (_call, *_aliases):
        router.add_api_route(
            f"/{_path}",
            _receive(None if _call == "batch" else _call),
            methods=["POST"],
            response_model=SegmentVerdict,
            operation_id=f"segment_{_path}",
            summary=_SUMMARIES[_call],
            description=f"Also {', '.join(f'`/v1/{alias}`' for alias in _aliases)}.",
            include_in_schema=_path == _call,
            responses={
                200: answered("A verdict for each message, in their order.", ANSWER),
                **refusals(CALL_REFUSALS, WRITER_REFUSALS),
            },
            openapi_extra=describe_call(_call),
        )


class SourceConfig(BaseModel):
    """What RudderStack's browser SDK asks before it sends: nothing to load, nothing to report."""

    source: dict[str, object]


@configuration.get(
    "/sourceConfig",
    response_model=SourceConfig,
    operation_id="segment_source_config",
    summary="The configuration RudderStack's browser SDK asks for",
    responses={
        200: answered("A source without destinations.", SOURCE_CONFIG),
        **refusals(WRITER_REFUSALS),
    },
    openapi_extra={"security": SECURITY},
)
@configuration.get("/sourceConfig/", include_in_schema=False)
async def read_source_config() -> Response:
    """The same for every key: what an event becomes is decided here, not in the SDK."""
    return JSONResponse(SOURCE_CONFIG)
