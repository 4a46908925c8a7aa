"""What a learner came to, up to the last event that was acknowledged."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from ingestion.api.auditing import note_answer
from ingestion.api.auth import require_server
from ingestion.api.live_views import (
    DAYS,
    GAPS,
    MASTERY,
    SESSIONS,
    DayRow,
    GapRow,
    LiveView,
    MasteryRow,
    Page,
    SessionRow,
    read_rows,
)
from ingestion.api.openapi import SECURITY, SERVER_REFUSALS, WRITER_REFUSALS, refusals

Learner = Annotated[UUID, Path(description="The learner's anonymous id.")]
Limit = Annotated[int, Query(ge=1, le=500, description="At most so many.")]
Offset = Annotated[int, Query(ge=0, le=100_000, description="Leave out so many first.")]
Since = Annotated[
    AwareDatetime | None, Query(description="Only what is not older (RFC 3339, with an offset).")
]
SinceDate = Annotated[date | None, Query(description="Only days from this local date on.")]
_MORE = Field(description="There are more: ask again with a greater `offset`.")


class LearnerSessions(BaseModel):
    """Sessions, the latest first; `since` is held against their last event."""

    user_id: UUID
    sessions: list[SessionRow]
    has_more: bool = _MORE


class LearnerMastery(BaseModel):
    """Topics by id; `since` is held against the last attempt."""

    user_id: UUID
    mastery: list[MasteryRow]
    has_more: bool = _MORE


class LearnerGaps(BaseModel):
    """Gaps, open and resolved, the most severe first; `since` is held against their detection."""

    user_id: UUID
    gaps: list[GapRow]
    has_more: bool = _MORE


class LearnerStats(BaseModel):
    """Local days with study, the latest first."""

    user_id: UUID
    days: list[DayRow]
    has_more: bool = _MORE


router = APIRouter(
    prefix="/api/users/{user_id}",
    tags=["learners"],
    dependencies=[Depends(require_server)],
    responses=refusals(
        {422: {"invalid_parameter": "`user_id`: Input should be a valid UUID, ..."}},
        WRITER_REFUSALS,
        {
            403: SERVER_REFUSALS[403],
            503: {
                **WRITER_REFUSALS[503],
                "not_materialized": "the live views do not exist yet: run `study materialize` once",
            },
        },
    ),
)
_SECURED: dict[str, Any] = {"security": SECURITY}


@router.get(
    "/sessions",
    operation_id="read_sessions",
    summary="A learner's sessions, those going on included",
    openapi_extra=_SECURED,
)
async def read_sessions(
    request: Request, user_id: Learner, since: Since = None, limit: Limit = 100, offset: Offset = 0
) -> LearnerSessions:
    """As the next load will store them; columns as in docs/metrics.md."""
    rows, more = await _read(request, SESSIONS, user_id, Page(since, limit, offset))
    return LearnerSessions.model_validate({"user_id": user_id, "sessions": rows, "has_more": more})


@router.get(
    "/mastery",
    operation_id="read_mastery",
    summary="How well a learner masters each topic",
    openapi_extra=_SECURED,
)
async def read_mastery(
    request: Request, user_id: Learner, since: Since = None, limit: Limit = 100, offset: Offset = 0
) -> LearnerMastery:
    """As the next load will store it; columns as in docs/metrics.md."""
    rows, more = await _read(request, MASTERY, user_id, Page(since, limit, offset))
    return LearnerMastery.model_validate({"user_id": user_id, "mastery": rows, "has_more": more})


@router.get(
    "/gaps",
    operation_id="read_gaps",
    summary="A learner's knowledge gaps",
    openapi_extra=_SECURED,
)
async def read_gaps(
    request: Request, user_id: Learner, since: Since = None, limit: Limit = 100, offset: Offset = 0
) -> LearnerGaps:
    """As the next load will store them; columns as in docs/metrics.md."""
    rows, more = await _read(request, GAPS, user_id, Page(since, limit, offset))
    return LearnerGaps.model_validate({"user_id": user_id, "gaps": rows, "has_more": more})


@router.get(
    "/stats",
    operation_id="read_stats",
    summary="A learner's days",
    openapi_extra=_SECURED,
)
async def read_stats(
    request: Request,
    user_id: Learner,
    since: SinceDate = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> LearnerStats:
    """As the next load will store them; columns as in docs/metrics.md."""
    rows, more = await _read(request, DAYS, user_id, Page(since, limit, offset))
    return LearnerStats.model_validate({"user_id": user_id, "days": rows, "has_more": more})


async def _read(
    request: Request, view: LiveView, user_id: UUID, page: Page
) -> tuple[list[dict[str, Any]], bool]:
    rows = await read_rows(request.app.state.reader_pool, view, user_id, page)
    told = rows[: page.limit]
    asked = f" (since {page.since}, limit {page.limit}, offset {page.offset})"
    await note_answer(
        request,
        tables=[f"live.{view.name}"],
        learner=user_id,
        row_count=len(told),
        asked=asked,
    )
    return told, len(rows) > page.limit
