"""The event log itself: what was said once is stored once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import AsyncConnection, DataError
from psycopg.types.json import Jsonb

from ingestion.events.codes import Code
from ingestion.events.validation import AcceptedEvent, Rejection
from ingestion.landing.verdict import Status, Verdict

# What the client said: equal in all of these, a second event of one id is the same event again.
# The clock's corrections and the request's context differ between retries and do not count.
_SAID = (
    "event_type",
    "schema_version",
    "user_id",
    "session_id",
    "original_occurred_at",
    "material_id",
    "chunk_id",
    "question_id",
    "topic_id",
    "properties",
)

_RECORD = """
jsonb_to_recordset(%(rows)s) as incoming (
    position integer, event_id uuid, event_type text, schema_version smallint, user_id uuid,
    session_id uuid, occurred_at timestamptz, original_occurred_at timestamptz,
    sent_at timestamptz, received_at timestamptz, material_id text, chunk_id text,
    question_id text, topic_id text, client_event_id text, properties jsonb
)
"""

# In key order: two batches that share ids then wait for each other instead of deadlocking.
_INSERT = f"""
insert into raw.study_events (
    event_id, event_type, schema_version, user_id, session_id, occurred_at, original_occurred_at,
    sent_at, received_at, material_id, chunk_id, question_id, topic_id, client_event_id,
    properties, context
)
select
    event_id, event_type, schema_version, user_id, session_id, occurred_at, original_occurred_at,
    sent_at, received_at, material_id, chunk_id, question_id, topic_id, client_event_id,
    properties, %(context)s
from {_RECORD}
order by event_id
on conflict (event_id) do nothing
returning event_id
"""  # noqa: S608 (constants only)


def _said_by(side: str) -> str:
    # To the millisecond, as mapped ids are: a retry that writes its time shorter is no conflict.
    instant = "original_occurred_at"
    return ", ".join(
        f"date_trunc('milliseconds', {side}.{column})" if column == instant else f"{side}.{column}"
        for column in _SAID
    )


_COMPARE = f"""
select
    incoming.position,
    ({_said_by("incoming")}) is not distinct from ({_said_by("stored")})
from {_RECORD}
inner join raw.study_events as stored on incoming.event_id = stored.event_id
"""  # noqa: S608 (constants only)


@dataclass(frozen=True, slots=True)
class Row:
    """A valid event and its place in the batch."""

    position: int
    event: AcceptedEvent


async def store(
    connection: AsyncConnection, rows: Sequence[Row], context: Mapping[str, object]
) -> dict[int, Verdict]:
    """Insert rows in the caller's transaction; return each one's verdict by its position.

    If the database refuses a row it is halved down to, only that one is turned away.
    """
    if not rows:
        return {}
    try:
        async with connection.transaction():
            return await _insert(connection, rows, context)
    except DataError as error:
        if len(rows) == 1:
            words = f"the database cannot store it ({error.sqlstate})"
            refusal = Rejection(Code.UNSTORABLE_TEXT, "", words)
            return {rows[0].position: _verdict(rows[0], Status.REJECTED, refusal)}
        middle = len(rows) // 2
        first = await store(connection, rows[:middle], context)
        return first | await store(connection, rows[middle:], context)


async def _insert(
    connection: AsyncConnection, rows: Sequence[Row], context: Mapping[str, object]
) -> dict[int, Verdict]:
    # Of one id only the first copy is offered; the others are compared with what got stored.
    offered: dict[UUID, Row] = {}
    for row in rows:
        offered.setdefault(row.event.event_id, row)
    parameters = {
        "rows": Jsonb([_record(row) for row in offered.values()], dumps=_dumps),
        "context": Jsonb(dict(context)),
    }
    cursor = await connection.execute(_INSERT, parameters)
    inserted = {event_id for (event_id,) in await cursor.fetchall()}
    # Accepted is said only of what the database says it inserted: never the default.
    verdicts = {
        row.position: _verdict(row, Status.ACCEPTED)
        for event_id, row in offered.items()
        if event_id in inserted
    }
    again = [row for row in rows if row.position not in verdicts]
    return verdicts | await _compare(connection, again) if again else verdicts


async def _compare(connection: AsyncConnection, rows: Sequence[Row]) -> dict[int, Verdict]:
    """Tell retries from conflicts: the stored copy says the same, or something else."""
    by_position = {row.position: row for row in rows}
    cursor = await connection.execute(
        _COMPARE, {"rows": Jsonb([_record(row) for row in rows], dumps=_dumps)}
    )
    conflict = Rejection(Code.CONFLICT, "event_id", "another event with this id is already stored")
    return {
        position: _verdict(by_position[position], Status.DUPLICATE)
        if same
        else _verdict(by_position[position], Status.CONFLICT, conflict)
        for position, same in await cursor.fetchall()
    }


def _record(row: Row) -> dict[str, object]:
    event = row.event
    return {
        "position": row.position,
        "event_id": event.event_id,
        "received_at": event.received_at,
        "occurred_at": event.occurred_at,
        "sent_at": event.sent_at,
        "client_event_id": event.client_event_id,
    } | {column: getattr(event, column) for column in _SAID}


def _dumps(rows: object) -> str:
    return json.dumps(rows, default=str)


def _verdict(row: Row, status: Status, why: Rejection | None = None) -> Verdict:
    event = row.event
    return Verdict(row.position, status, str(event.event_id), event.client_event_id, why)
