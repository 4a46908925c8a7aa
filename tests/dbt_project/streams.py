"""Hand-made events, put into the raw log as ingestion would leave them there."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg

from ingestion.events.identity import derive_uuid7
from ingestion.store.partitions import make_months

_INSERT = """
    insert into raw.study_events (
        event_id, event_type, user_id, session_id, occurred_at, original_occurred_at, received_at,
        material_id, chunk_id, question_id, topic_id, properties
    )
    values (
        %(event_id)s, %(event_type)s, %(user_id)s, %(session_id)s, %(occurred_at)s,
        %(occurred_at)s, %(occurred_at)s, %(material_id)s, %(chunk_id)s, %(question_id)s,
        %(topic_id)s, %(properties)s
    )
"""
_IDS = ("material_id", "chunk_id", "question_id", "topic_id")


@dataclass(frozen=True)
class StudyEvent:
    """One event; learner and session by a name that stands for their uuid."""

    event_type: str
    at: datetime
    learner: str
    session: str | None = None
    ids: dict[str, str] = field(default_factory=dict)
    properties: dict[str, object] = field(default_factory=dict)
    name: str = ""

    @property
    def event_id(self) -> UUID:
        return derive_uuid7(self.at, f"{self.event_type} {self.learner} {self.session} {self.name}")


def named(name: str) -> UUID:
    """The uuid a name stands for."""
    return uuid5(NAMESPACE_URL, name)


def instant(text: str) -> datetime:
    """`2025-06-02 10:00` in UTC, or with an offset of its own."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def happen(
    event_type: str, at: str, learner: str, session: str | None = None, **given: object
) -> StudyEvent:
    """Write an event down in one line: ids and properties by their names."""
    ids = {name: str(given.pop(name)) for name in _IDS if name in given}
    label = str(given.pop("name", ""))
    return StudyEvent(event_type, instant(at), learner, session, ids, given, label)


def insert(url: str, events: Sequence[StudyEvent]) -> int:
    """Put events into the raw log, the months they need made first; returns how many."""
    months = {event.at.date().replace(day=1) for event in events}
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for month in sorted(months):
            make_months(connection, month, month)
        cursor.executemany(_INSERT, [_row(event) for event in events])
    return len(events)


def offer(connection: psycopg.Connection, events: Sequence[StudyEvent]) -> int:
    """Insert events in the caller's transaction, as a retry would; returns how many were new."""
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT + "on conflict do nothing", [_row(event) for event in events])
        return max(cursor.rowcount, 0)


def _row(event: StudyEvent) -> dict[str, object]:
    return {
        "event_id": event.event_id,
        "event_type": event.event_type,
        "user_id": named(event.learner),
        "session_id": named(event.session) if event.session else None,
        "occurred_at": event.at,
        **dict.fromkeys(_IDS),
        **event.ids,
        "properties": json.dumps(event.properties),
    }
