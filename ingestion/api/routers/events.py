"""`POST /api/analytics/events` and `/batch`: land events, answer with a verdict for each."""

from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request, Response

from ingestion.api.accounting import account_batch, admit_batch
from ingestion.api.auth import require_writer
from ingestion.api.body import read_batch
from ingestion.api.context import request_context
from ingestion.api.openapi import (
    BATCH_REFUSALS,
    WRITER_REFUSALS,
    answered,
    body_of,
    refusals,
)
from ingestion.api.verdicts import BatchVerdict, encode, tell_report
from ingestion.landing.judging import JudgedBatch
from ingestion.landing.queue import LandingQueue

_EXAMPLE = {
    "accepted": 1,
    "duplicate": 0,
    "rejected": 1,
    "conflict": 0,
    "results": [
        {"index": 0, "status": "accepted", "event_id": "019cb36f-fbc0-7d6e-8f00-5a1b2c3d4e5f"},
        {
            "index": 1,
            "status": "rejected",
            "code": "missing_field",
            "path": "properties.is_correct",
            "message": "is required",
        },
    ],
}


router = APIRouter(
    prefix="/api/analytics/events",
    tags=["events"],
    dependencies=[Depends(require_writer)],
    responses={
        200: answered("A verdict for each event, in their order.", _EXAMPLE),
        **refusals(BATCH_REFUSALS, WRITER_REFUSALS),
    },
)


@router.post(
    "/batch",
    response_model=BatchVerdict,
    operation_id="land_batch",
    summary="Land a batch of events",
    openapi_extra=body_of("EventBatch"),
)
async def land_batch(request: Request) -> Response:
    """Land up to 1,000 events. One bad event fails none of its neighbours."""
    return await _land(request, may_be_single=False)


@router.post(
    "",
    response_model=BatchVerdict,
    operation_id="land_events",
    summary="Land one event, or a batch",
    openapi_extra=body_of("AnyEvent", "EventBatch"),
)
async def land_events(request: Request) -> Response:
    """Land one event, or `{"events": [...]}`."""
    return await _land(request, may_be_single=True)


async def _land(request: Request, *, may_be_single: bool) -> Response:
    queue: LandingQueue = request.app.state.landing
    queue.require_room(events=1)  # before a body is read that could only be thrown away
    judged, size_bytes = await _judge(request, may_be_single=may_be_single)
    report = await queue.land(judged, size_bytes)
    account_batch(request, judged, report)
    return Response(encode(tell_report(report)), media_type="application/json")


async def _judge(request: Request, *, may_be_single: bool) -> tuple[JudgedBatch, int]:
    # Apart, so that the events as they were read, many times their text, do not wait for a commit.
    batch = await read_batch(request, may_be_single=may_be_single)
    admit_batch(request, batch.size)
    judged = batch.judge(received_at=datetime.now(UTC), context=request_context(request))
    return judged, len(batch.body)
