"""`POST /api/analytics/events` and `/batch`: land events, answer with a verdict for each."""

from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel, Field

from ingestion.api.accounting import account_batch, admit_batch
from ingestion.api.auth import require_writer
from ingestion.api.body import Batch, read_batch
from ingestion.api.context import request_context
from ingestion.api.openapi import (
    BATCH_REFUSALS,
    WRITER_REFUSALS,
    answered,
    body_of,
    refusals,
)
from ingestion.landing.land import land
from ingestion.landing.verdict import LandingReport, Status

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
            "event_id": None,
            "code": "missing_field",
            "path": "properties.is_correct",
            "message": "is required",
        },
    ],
}


class EventVerdict(BaseModel):
    """What became of one event."""

    index: int = Field(description="Its place in the batch, from 0.")
    status: Status
    event_id: str | None = Field(description="The id it is stored under.")
    client_event_id: str | None = Field(
        default=None, description="The client's own id, where it is not the stored one."
    )
    code: str | None = Field(default=None, description="Why it was not stored.")
    path: str | None = Field(default=None, description="The field at fault.")
    message: str | None = None


class BatchVerdict(BaseModel):
    """What became of a batch. It is sent after the commit: `accepted` means stored for good."""

    accepted: int
    duplicate: int
    rejected: int
    conflict: int
    results: list[EventVerdict]


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
    response_model_exclude_none=True,
    operation_id="land_batch",
    summary="Land a batch of events",
    openapi_extra=body_of("EventBatch"),
)
async def land_batch(request: Request) -> BatchVerdict:
    """Land up to 1,000 events. One bad event fails none of its neighbours."""
    return await _land(request, await read_batch(request, may_be_single=False))


@router.post(
    "",
    response_model_exclude_none=True,
    operation_id="land_events",
    summary="Land one event, or a batch",
    openapi_extra=body_of("AnyEvent", "EventBatch"),
)
async def land_events(request: Request) -> BatchVerdict:
    """Land one event, or `{"events": [...]}`."""
    return await _land(request, await read_batch(request, may_be_single=True))


async def _land(request: Request, batch: Batch) -> BatchVerdict:
    admit_batch(request, batch.events)
    received_at = datetime.now(UTC)
    pool: AsyncConnectionPool = request.app.state.pool
    async with pool.connection() as connection:
        report = await land(
            connection,
            batch.events,
            received_at=received_at,
            sent_at=batch.sent_at,
            context=request_context(request),
        )
    account_batch(request, batch.events, report, received_at)
    return _answer(report)


def _answer(report: LandingReport) -> BatchVerdict:
    return BatchVerdict(
        accepted=report.counts[Status.ACCEPTED],
        duplicate=report.counts[Status.DUPLICATE],
        rejected=report.counts[Status.REJECTED],
        conflict=report.counts[Status.CONFLICT],
        results=[
            EventVerdict(
                index=verdict.index,
                status=verdict.status,
                event_id=verdict.event_id,
                client_event_id=verdict.client_event_id,
                code=verdict.why.code if verdict.why else None,
                path=verdict.why.path if verdict.why else None,
                message=verdict.why.message if verdict.why else None,
            )
            for verdict in report.results
        ],
    )
