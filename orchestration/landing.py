"""Land many events in this process: the service's own code, without HTTP between."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import islice

import psycopg

from ingestion.clients.poster import BATCH_EVENTS
from ingestion.clients.tally import Tally
from ingestion.landing.land import land
from ingestion.landing.verdict import Verdict
from ingestion.store.database import Role, role_url
from ingestion.store.partitions import FIRST_YEAR, make_months

Events = Iterable[object]


def land_events(
    url: str,
    events: Events,
    *,
    open_months: bool = False,
    on_batch: Callable[[int], None] = lambda _: None,
) -> Tally:
    """Land events by the role the service uses and return the tally of verdicts.

    With `open_months` the months the events fall in are opened first, as the owner: only an
    operator who imports history may do that, never a sender over HTTP.
    """
    return asyncio.run(_land_events(url, events, open_months, on_batch))


async def _land_events(
    url: str, events: Events, open_months: bool, on_batch: Callable[[int], None]
) -> Tally:
    tally = Tally()
    opened: set[date] = set()
    ingest_url = role_url(url, Role.INGEST, application_name="study-import")
    async with await psycopg.AsyncConnection.connect(ingest_url, autocommit=True) as connection:
        for batch in _batches(events):
            if open_months:
                _open(url, months_of(batch, today=datetime.now(UTC).date()), opened)
            report = await land(
                connection, batch, received_at=datetime.now(UTC), sent_at=None, context={}
            )
            tally.add(_told(verdict) for verdict in report.results)
            on_batch(len(batch))
    return tally


def _told(verdict: Verdict) -> tuple[str, str | None, str | None, str | None]:
    why = verdict.why
    if why is None:
        return verdict.status, None, None, None
    return verdict.status, why.code, why.path, why.message


def months_of(events: Events, *, today: date) -> set[date]:
    """First days of the months, up to today's, that the events say they occurred in.

    What is no time, or one no month can be made for, is left out: the landing code rejects it
    by name.
    """
    months = {_month(event.get("occurred_at")) for event in events if isinstance(event, dict)}
    return {month for month in months if month and month.year >= FIRST_YEAR and month <= today}


def _month(occurred_at: object) -> date | None:
    try:
        moment = datetime.fromisoformat(str(occurred_at))
    except ValueError:
        return None
    return moment.astimezone(UTC).date().replace(day=1) if moment.tzinfo else None


def _open(url: str, months: set[date], opened: set[date]) -> None:
    missing = months - opened
    if missing:
        with psycopg.connect(url) as owner:
            for month in sorted(missing):
                make_months(owner, month, month)
        opened |= missing


def _batches(events: Events) -> Iterator[list[object]]:
    stream = iter(events)
    while batch := list(islice(stream, BATCH_EVENTS)):
        yield batch
