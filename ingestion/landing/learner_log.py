"""What the log says of one learner, read under the lock that keeps it from growing meanwhile."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

FACT = "fact"
"""In an event's context: the id of the activity it was landed with, maybe its own."""

# The lock is held by the learner, so the first statement that follows sees what the one before it
# committed; the clock is read behind it, by the one clock that all services share.
LOCK = """
with locked as materialized (
    select pg_advisory_xact_lock(hashtextextended(cast(%s as text), 0))
)
select clock_timestamp() from locked
"""

_COLUMNS = """
    event_id, event_type, user_id, session_id, occurred_at, original_occurred_at, client_event_id,
    material_id, chunk_id, question_id, topic_id, properties, context
"""

_BY_ID = f"select {_COLUMNS} from raw.study_events where event_id = %s"  # noqa: S608 (constants)

_BY_CLIENT_ID = f"""
select {_COLUMNS} from raw.study_events
where user_id = %s and occurred_at >= %s and client_event_id = %s
order by occurred_at, event_id
limit 1
"""  # noqa: S608 (constants only)

_OF_LEARNER = f"""
select {_COLUMNS} from raw.study_events
where
    user_id = %(user_id)s
    and event_type = any(%(event_types)s)
    and occurred_at >= coalesce(cast(%(since)s as timestamptz), '-infinity')
    and (cast(%(name)s as text) is null or case cast(%(name)s as text)
        when 'session_id' then cast(session_id as text)
        when 'question_id' then question_id
        when 'material_id' then material_id
        when 'quiz_id' then properties ->> 'quiz_id'
        when 'fact' then context ->> 'fact'
    end = cast(%(value)s as text))
order by occurred_at, event_id
"""  # noqa: S608 (constants only)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it lies in the log. Times are UTC."""

    event_id: UUID
    event_type: str
    user_id: UUID
    session_id: UUID | None
    occurred_at: datetime
    original_occurred_at: datetime | None
    client_event_id: str | None
    material_id: str | None
    chunk_id: str | None
    question_id: str | None
    topic_id: str | None
    properties: Mapping[str, Any]
    context: Mapping[str, Any]


async def lock_learner(connection: AsyncConnection, user_id: UUID) -> datetime:
    """Hold a learner until the transaction ends, and tell the time it then is.

    Whoever derives an event from what the learner did before must hold it: two at once would both
    be the first. Plain events land without. Raises `LockNotAvailable` after `lock_timeout`.
    """
    cursor = await connection.execute(LOCK, (str(user_id),))
    row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("the lock was taken and told no time")
    moment: datetime = row[0]
    return moment


async def find_event(connection: AsyncConnection, event_id: UUID) -> StoredEvent | None:
    """The event stored under an id."""
    async with connection.cursor(row_factory=class_row(StoredEvent)) as cursor:
        await cursor.execute(_BY_ID, (event_id,))
        return await cursor.fetchone()


async def find_by_client_id(
    connection: AsyncConnection, user_id: UUID, client_event_id: str, *, since: datetime
) -> StoredEvent | None:
    """The learner's first event since an instant that came under this id of the client's."""
    async with connection.cursor(row_factory=class_row(StoredEvent)) as cursor:
        await cursor.execute(_BY_CLIENT_ID, (user_id, since, client_event_id))
        return await cursor.fetchone()


async def read_learner(
    connection: AsyncConnection,
    user_id: UUID,
    event_types: Collection[str],
    *,
    since: datetime | None = None,
    about: tuple[str, object] | None = None,
) -> list[StoredEvent]:
    """A learner's events of some types, in order: one range of the index on learner and time.

    With `about` only those about one thing, by its name and id: a `session_id`, `question_id`,
    `material_id`, `quiz_id`; or (`FACT`) those landed with an event, as its `context` says.
    """
    name, value = about or (None, None)
    async with connection.cursor(row_factory=class_row(StoredEvent)) as cursor:
        await cursor.execute(
            _OF_LEARNER,
            {
                "user_id": user_id,
                "event_types": list(event_types),
                "since": since,
                "name": name,
                "value": None if value is None else str(value),
            },
        )
        return await cursor.fetchall()
