"""Land a batch: validate each event, commit what holds, and say what became of each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection, DataError
from psycopg.types.json import Jsonb

from ingestion.events.validation import AcceptedEvent, Rejection, validate_event
from ingestion.landing import failed_events
from ingestion.landing.failed_events import FailedEvent
from ingestion.landing.verdict import LandingReport, Status, Verdict
from ingestion.store.partitions import is_open, read_open_months

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

_COMPARE = f"""
select
    incoming.position,
    ({", ".join(f"incoming.{column}" for column in _SAID)})
    is not distinct from ({", ".join(f"stored.{column}" for column in _SAID)})
from {_RECORD}
inner join raw.study_events as stored on incoming.event_id = stored.event_id
"""  # noqa: S608 (constants only)


@dataclass(frozen=True, slots=True)
class _Row:
    """A valid event and its place in the batch."""

    position: int
    event: AcceptedEvent


async def land(
    connection: AsyncConnection,
    events: Sequence[object],
    *,
    received_at: datetime,
    sent_at: datetime | None,
    context: Mapping[str, object],
) -> LandingReport:
    """Commit a batch and return one verdict for each event, in order.

    When this returns, everything accepted and every dead letter is committed; when it raises,
    nothing is. `context` is what the request tells of itself (already truncated: see the privacy
    rules) and is stored with each event.

    Raises `psycopg.OperationalError` when the database cannot be reached or gives up: the sender
    may retry the same batch, which is idempotent.
    """
    verdicts: dict[int, Verdict] = {}
    rows: list[_Row] = []
    async with connection.transaction():
        months = await read_open_months(connection)
        for position, raw in enumerate(events):
            outcome = validate_event(raw, received_at=received_at, sent_at=sent_at)
            if isinstance(outcome, AcceptedEvent) and not is_open(months, outcome.event_id):
                outcome = Rejection(
                    "occurred_at_out_of_range",
                    "occurred_at",
                    "the event's month is not open for landing",
                )
            if isinstance(outcome, AcceptedEvent):
                rows.append(_Row(position, outcome))
            else:
                verdicts[position] = _rejected(position, raw, outcome)
        verdicts.update(await _store(connection, rows, context))
        await failed_events.keep(
            connection,
            [
                FailedEvent(verdict, events[position])
                for position, verdict in sorted(verdicts.items())
                if verdict.status in (Status.REJECTED, Status.CONFLICT)
            ],
            received_at=received_at,
            context=context,
        )
    return LandingReport([verdicts[position] for position in range(len(events))])


async def _store(
    connection: AsyncConnection, rows: Sequence[_Row], context: Mapping[str, object]
) -> dict[int, Verdict]:
    """Insert rows; if the database refuses one, halve until only that one is turned away."""
    if not rows:
        return {}
    try:
        async with connection.transaction():
            return await _insert(connection, rows, context)
    except DataError as error:
        if len(rows) == 1:
            refusal = Rejection("unstorable", "", f"the database cannot store it: {error.sqlstate}")
            return {rows[0].position: replace(_verdict(rows[0], Status.REJECTED), **_why(refusal))}
        middle = len(rows) // 2
        first = await _store(connection, rows[:middle], context)
        return first | await _store(connection, rows[middle:], context)


async def _insert(
    connection: AsyncConnection, rows: Sequence[_Row], context: Mapping[str, object]
) -> dict[int, Verdict]:
    # Of one id only the first copy is offered; the others are compared with what got stored.
    offered: dict[UUID, _Row] = {}
    for row in rows:
        offered.setdefault(row.event.event_id, row)
    parameters = {
        "rows": Jsonb([_record(row) for row in offered.values()], dumps=_dumps),
        "context": Jsonb(dict(context)),
    }
    cursor = await connection.execute(_INSERT, parameters)
    inserted = {event_id for (event_id,) in await cursor.fetchall()}
    stored = {row.position for row in offered.values() if row.event.event_id in inserted}
    verdicts = {row.position: _verdict(row, Status.ACCEPTED) for row in rows}
    again = [row for row in rows if row.position not in stored]
    if again:
        verdicts.update(await _compare(connection, again))
    return verdicts


async def _compare(connection: AsyncConnection, rows: Sequence[_Row]) -> dict[int, Verdict]:
    """Tell retries from conflicts: the stored copy says the same, or something else."""
    by_position = {row.position: row for row in rows}
    cursor = await connection.execute(
        _COMPARE, {"rows": Jsonb([_record(row) for row in rows], dumps=_dumps)}
    )
    conflict = Rejection("conflict", "event_id", "another event with this id is already stored")
    return {
        position: _verdict(by_position[position], Status.DUPLICATE)
        if same
        else replace(_verdict(by_position[position], Status.CONFLICT), **_why(conflict))
        for position, same in await cursor.fetchall()
    }


def _record(row: _Row) -> dict[str, object]:
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


def _verdict(row: _Row, status: Status) -> Verdict:
    event = row.event
    return Verdict(row.position, status, str(event.event_id), event.client_event_id)


def _why(rejection: Rejection) -> dict[str, str]:
    return {"code": rejection.code, "path": rejection.path, "message": rejection.message}


def _rejected(position: int, raw: object, rejection: Rejection) -> Verdict:
    event_id = raw.get("event_id") if isinstance(raw, dict) else None
    told = event_id if isinstance(event_id, str) and len(event_id) <= 128 else None  # noqa: PLR2004
    return Verdict(position, Status.REJECTED, told, **_why(rejection))
