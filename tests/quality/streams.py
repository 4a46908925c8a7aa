"""Small hand-written streams of events, and the marts the oracle makes of them."""

from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pandas as pd

from ingestion.events.identity import derive_uuid7
from quality.oracle import build_marts

COLUMNS = (
    "event_id",
    "event_type",
    "user_id",
    "session_id",
    "occurred_at",
    "material_id",
    "chunk_id",
    "question_id",
    "topic_id",
    "properties",
)
LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)
Row = dict[str, Any]


def named(name: str) -> UUID:
    """The uuid that a name stands for in these tests."""
    return uuid5(NAMESPACE_URL, name)


def instant(text: str) -> datetime:
    """`09:30` on Monday 10 March 2025, or a whole ISO time; UTC unless it says otherwise."""
    moment = datetime.fromisoformat(text if "-" in text else f"2025-03-10T{text}")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def event(
    event_type: str,
    at: str,
    *,
    user: str = "ann",
    session: str | None = "morning",
    event_id: UUID | None = None,
    material_id: str | None = None,
    chunk_id: str | None = None,
    question_id: str | None = None,
    topic_id: str | None = None,
    **properties: object,
) -> Row:
    """One row of `raw.study_events`."""
    name = f"{event_type} {at} {user} {session} {properties}"
    return {
        "event_id": event_id or derive_uuid7(instant(at), name),
        "event_type": event_type,
        "user_id": named(user),
        "session_id": named(session) if session else None,
        "occurred_at": instant(at),
        "material_id": material_id,
        "chunk_id": chunk_id,
        "question_id": question_id,
        "topic_id": topic_id,
        "properties": properties,
    }


def build(*events: Row, as_of: datetime = LONG_AFTER) -> dict[str, list[Row]]:
    """The rows of every mart."""
    marts = build_marts(pd.DataFrame(events, columns=[*COLUMNS]), as_of)
    return {name: _rows(mart) for name, mart in marts.items()}


def session_of(*events: Row, as_of: datetime = LONG_AFTER) -> Row:
    """The only session of a stream."""
    (row,) = build(*events, as_of=as_of)["study_sessions"]
    return row


def attempts_of(*events: Row) -> list[Row]:
    """The attempts of a stream, in order."""
    return build(*events)["question_attempts"]


def material_of(*events: Row) -> Row:
    """The only material interaction of a stream."""
    (row,) = build(*events)["material_interactions"]
    return row


def days_of(*events: Row, user: str = "ann") -> dict[str, Row]:
    """The days of a learner, by date."""
    days = build(*events)["daily_user_stats"]
    return {str(day["local_date"]): day for day in days if is_of(day, user)}


def weeks_of(*events: Row, user: str = "ann") -> dict[str, Row]:
    """The weeks of a learner, by their Monday."""
    weeks = build(*events)["weekly_user_stats"]
    return {str(week["week_start_date"]): week for week in weeks if is_of(week, user)}


def topics_of(*events: Row) -> dict[str, Row]:
    """The topics of a stream, by topic; by topic and date where they are of several days."""
    rows = build(*events)["topic_daily_stats"]
    if len({row["local_date"] for row in rows}) > 1:
        return {f"{row['topic_id']} {row['local_date']}": row for row in rows}
    return {row["topic_id"]: row for row in rows}


def gamification_of(*events: Row, user: str = "ann", as_of: datetime = LONG_AFTER) -> Row:
    """What a learner has earned."""
    rows = build(*events, as_of=as_of)["user_gamification"]
    (row,) = [row for row in rows if is_of(row, user)]
    return row


def mastery_of(*events: Row, user: str = "ann", as_of: datetime = LONG_AFTER) -> dict[str, Row]:
    """What a learner masters, by topic."""
    rows = build(*events, as_of=as_of)["topic_mastery"]
    return {row["topic_id"]: row for row in rows if is_of(row, user)}


def gaps_of(*events: Row, user: str = "ann", as_of: datetime = LONG_AFTER) -> dict[str, Row]:
    """The gaps of a learner, by topic."""
    rows = build(*events, as_of=as_of)["knowledge_gaps"]
    return {row["topic_id"]: row for row in rows if is_of(row, user)}


def metrics_of(*events: Row, user: str = "ann", as_of: datetime = LONG_AFTER) -> Row:
    """A learner in one row."""
    rows = build(*events, as_of=as_of)["user_learning_metrics"]
    (row,) = [row for row in rows if is_of(row, user)]
    return row


def is_of(row: Row, user: str) -> bool:
    """Whether a row is that of a learner."""
    return bool(row["user_id"] == str(named(user)))


def is_null(value: Any) -> bool:
    """Whether a value of a mart is null; an array or object, even an empty one, never is."""
    return not isinstance(value, list | dict) and bool(pd.isna(value))


def pick(row: Row, *names: str) -> tuple[Any, ...]:
    """Some of the values of a row."""
    return tuple(row[name] for name in names)


def _rows(mart: pd.DataFrame) -> list[Row]:
    rows = mart.astype(object).to_dict("records")
    return [
        {str(name): None if is_null(value) else value for name, value in row.items()}
        for row in rows
    ]
