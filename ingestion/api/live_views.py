"""Rows of the live views: what is told of them, and how they are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from psycopg import AsyncConnection, sql
from psycopg.errors import InsufficientPrivilege, InvalidSchemaName, UndefinedTable
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

from ingestion.api.errors import RequestRefusedError
from ingestion.api.settings import RETRY_AFTER_SECONDS

_NOT_BUILT = (UndefinedTable, InvalidSchemaName, InsufficientPrivilege)


class SessionRow(BaseModel):
    """A study session, still going on or ended."""

    session_id: UUID
    started_at: datetime
    last_event_at: datetime
    ended_at: datetime | None
    end_reason: Literal["explicit", "timeout", "open"]
    is_active: bool
    local_date: date
    timezone: str
    device_type: str | None
    duration_seconds: float
    active_seconds: float
    paused_seconds: float
    pause_count: int
    materials_viewed: int
    materials_completed: int
    chunks_read: int
    questions_attempted: int
    questions_correct: int
    ai_interactions: int
    xp_earned: int
    achievements_unlocked: int
    event_count: int
    reported_duration_seconds: float | None
    reported_active_seconds: float | None


class MasteryRow(BaseModel):
    """How well a topic is mastered now."""

    topic_id: str
    questions_attempted: int
    questions_correct: int
    mastery_score: float
    mastery_low: float
    mastery_high: float
    mastery_level: str
    first_attempt_at: datetime | None
    last_attempt_at: datetime | None
    model_version: str
    as_of: datetime


class GapRow(BaseModel):
    """A topic with a gap, and what to do about it."""

    topic_id: str
    gap_type: str
    severity: float
    gap_rank: int | None
    exam_weight: float
    mastery_score: float
    evidence: dict[str, Any]
    recommended_action: str
    recommendation: str
    study_first: str | None
    status: Literal["open", "resolved"]
    first_detected_at: datetime
    resolved_at: datetime | None


class DayRow(BaseModel):
    """A local day with study."""

    local_date: date
    session_count: int
    study_seconds: float
    active_seconds: float
    materials_viewed: int
    materials_completed: int
    chunks_read: int
    questions_attempted: int
    questions_correct: int
    accuracy: float | None
    topics_studied: int
    ai_interactions: int
    searches: int
    xp_earned: int
    streak_days: int


@dataclass(frozen=True, slots=True)
class LiveView:
    """A view, the model of its rows, their order (column and direction), and what `since` means."""

    name: str
    row: type[BaseModel]
    order: Sequence[tuple[str, Literal["asc", "desc"]]]
    since: str


SESSIONS = LiveView(
    "study_sessions", SessionRow, (("started_at", "desc"), ("session_id", "desc")), "last_event_at"
)
MASTERY = LiveView("topic_mastery", MasteryRow, (("topic_id", "asc"),), "last_attempt_at")
GAPS = LiveView(
    "knowledge_gaps", GapRow, (("severity", "desc"), ("topic_id", "asc")), "first_detected_at"
)
DAYS = LiveView("daily_user_stats", DayRow, (("local_date", "desc"),), "local_date")


@dataclass(frozen=True, slots=True)
class Page:
    """So many rows from an offset on, of those not before an instant or date."""

    since: datetime | date | None
    limit: int
    offset: int


async def read_rows(
    pool: AsyncConnectionPool, view: LiveView, user_id: UUID, page: Page
) -> list[dict[str, Any]]:
    """A learner's rows of a view, one more than asked for where there are more.

    Raises `RequestRefusedError` with 503 where the views were never made.
    """
    statement = sql.SQL(
        "select {columns} from live.{view} where user_id = %(user_id)s"
        " and (cast(%(since)s as {kind}) is null or {since} >= %(since)s)"
        " order by {order} limit %(limit)s offset %(offset)s"
    ).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, view.row.model_fields)),
        view=sql.Identifier(view.name),
        since=sql.Identifier(view.since),
        kind=sql.SQL("date" if view is DAYS else "timestamptz"),
        order=sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(direction))
            for name, direction in view.order
        ),
    )
    values = {
        "user_id": user_id,
        "since": page.since,
        "limit": page.limit + 1,
        "offset": page.offset,
    }
    async with pool.connection() as connection:
        return await _fetch(connection, statement, values)


async def _fetch(
    connection: AsyncConnection, statement: sql.Composed, values: dict[str, Any]
) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        try:
            await cursor.execute(statement, values)
            return await cursor.fetchall()
        except _NOT_BUILT as error:
            raise RequestRefusedError(
                503,
                "not_materialized",
                "the live views do not exist yet: run `study materialize` once",
                {"Retry-After": str(RETRY_AFTER_SECONDS)},
            ) from error
