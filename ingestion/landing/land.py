"""Land a batch: validate each event, commit what holds, and say what became of each."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from psycopg import AsyncConnection

from ingestion.events.validation import AcceptedEvent, Rejection, validate_event
from ingestion.landing import event_log, failed_events
from ingestion.landing.event_log import Row
from ingestion.landing.failed_events import FailedEvent
from ingestion.landing.months import refuse_closed_month
from ingestion.landing.verdict import LandingReport, Status, Verdict
from ingestion.store.partitions import Month, read_open_months

_ID_CHARACTERS = 128


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
    # Nothing is asked of the connection before: a query outside would open a transaction of its
    # own around this one, and then nothing would be committed when this returns.
    async with connection.transaction():
        verdicts = await _store(connection, events, received_at, sent_at, context)
        failed = [
            FailedEvent(verdict, verdict.why, events[position])
            for position, verdict in verdicts.items()
            if verdict.why is not None
        ]
        await failed_events.keep(
            connection, failed, received_at=received_at, sent_at=sent_at, context=context
        )
    return _report(verdicts)


async def land_again(
    connection: AsyncConnection,
    events: Sequence[object],
    *,
    received_at: datetime,
    sent_at: datetime | None,
    context: Mapping[str, object],
) -> LandingReport:
    """Land what dead letters hold, as `land` does, but in the caller's transaction.

    No dead letter is written: there is one of each already.
    """
    return _report(await _store(connection, events, received_at, sent_at, context))


async def _store(
    connection: AsyncConnection,
    events: Sequence[object],
    received_at: datetime,
    sent_at: datetime | None,
    context: Mapping[str, object],
) -> dict[int, Verdict]:
    months = await read_open_months(connection)
    rows, verdicts = _judge(events, months, received_at, sent_at)
    return verdicts | await event_log.store(connection, rows, context)


def _report(verdicts: Mapping[int, Verdict]) -> LandingReport:
    return LandingReport([verdicts[position] for position in range(len(verdicts))])


def _judge(
    events: Sequence[object], months: list[Month], received_at: datetime, sent_at: datetime | None
) -> tuple[list[Row], dict[int, Verdict]]:
    """Part a batch into rows to store and verdicts on what cannot be."""
    rows: list[Row] = []
    verdicts: dict[int, Verdict] = {}
    for position, raw in enumerate(events):
        outcome = validate_event(raw, received_at=received_at, sent_at=sent_at)
        if isinstance(outcome, AcceptedEvent):
            outcome = refuse_closed_month(months, outcome) or outcome
        if isinstance(outcome, AcceptedEvent):
            rows.append(Row(position, outcome))
        else:
            verdicts[position] = _rejected(position, raw, outcome)
    return rows, verdicts


def _rejected(position: int, raw: object, why: Rejection) -> Verdict:
    event_id = raw.get("event_id") if isinstance(raw, dict) else None
    told = event_id if isinstance(event_id, str) and len(event_id) <= _ID_CHARACTERS else None
    return Verdict(position, Status.REJECTED, told, why=why)
