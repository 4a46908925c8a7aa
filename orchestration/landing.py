"""Land many events in this process: the service's own code, without HTTP between."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import islice
from typing import TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool

from ingestion.clients.tally import Tally
from ingestion.landing.judging import judge_texts
from ingestion.landing.limits import QueueLimits
from ingestion.landing.queue import LandingQueue
from ingestion.landing.suppression import Suppression
from ingestion.landing.verdict import LandingReport, Status, Verdict
from ingestion.privacy.pseudonyms import Pseudonyms
from ingestion.readers.ndjson import BadLine, parse_line
from ingestion.store.database import CONNECT_SECONDS, Role, role_url
from ingestion.store.partitions import FIRST_YEAR, make_months

_Item = TypeVar("_Item")
Events = Iterable[object]
OnBatch = Callable[[int], None]

BATCH_EVENTS = 200
# One: of two events with one id, the first in the stream is stored, whatever the machine does.
_WRITERS = 1
# So many batches are judged ahead of those that are written: the writers never wait for one.
_AHEAD = 20


def land_events(
    url: str,
    events: Events,
    *,
    open_months: bool = False,
    on_batch: OnBatch = lambda _: None,
    pseudonyms: Pseudonyms | None = None,
) -> Tally:
    """Land events by the role the service uses and return the tally of verdicts.

    Where somebody is forgotten it takes `pseudonyms`, to turn away what comes of them. With
    `open_months` the months the events fall in are opened first, as the owner: only an
    operator who imports history may do that, never a sender over HTTP.
    """

    def batches() -> Iterator[list[bytes]]:
        opened: set[date] = set()
        for batch in _batches(events):
            if open_months:
                _open(url, months_of(batch, today=datetime.now(UTC).date()), opened)
            yield [json.dumps(event).encode() for event in batch]

    return asyncio.run(_land(url, batches(), on_batch, pseudonyms))


def land_texts(
    url: str,
    texts: Iterable[bytes],
    *,
    on_batch: OnBatch = lambda _: None,
    pseudonyms: Pseudonyms | None = None,
) -> Tally:
    """The same for events as the JSON texts they are, read at C's speed where they are usual."""
    return asyncio.run(_land(url, _batches(texts), on_batch, pseudonyms))


async def _land(
    url: str, batches: Iterator[list[bytes]], on_batch: OnBatch, pseudonyms: Pseudonyms | None
) -> Tally:
    tally = Tally()
    ahead: deque[asyncio.Task[LandingReport]] = deque()

    async def tell_oldest() -> None:
        report = await ahead.popleft()
        _add(tally, report)
        on_batch(len(report.results))

    async with (
        AsyncConnectionPool(
            role_url(url, Role.INGEST, application_name="study-import"),
            min_size=_WRITERS,
            max_size=_WRITERS,
            timeout=CONNECT_SECONDS,
            kwargs={"autocommit": True},
            open=False,
        ) as pool,
        LandingQueue(
            pool, limits=QueueLimits(writers=_WRITERS), suppression=Suppression(pseudonyms)
        ) as queue,
    ):
        for texts in batches:
            batch = judge_texts(
                texts, received_at=datetime.now(UTC), sent_at=None, context={}, parse=_parse
            )
            ahead.append(asyncio.create_task(queue.land(batch, sum(map(len, texts)))))
            # Lets what was just judged be sent while the next batch is.
            await asyncio.sleep(0)
            if len(ahead) > _AHEAD:
                await tell_oldest()
        while ahead:
            await tell_oldest()
    return tally


def _parse(text: str) -> object:
    """Parse what was skimmed: the rest that Python cannot read after all is a text, no event."""
    value = parse_line(text.encode())
    return text if isinstance(value, BadLine) else value


def _add(tally: Tally, report: LandingReport) -> None:
    stored = (Status.ACCEPTED, Status.DUPLICATE)
    tally.statuses.update({fate: count for fate, count in report.counts.items() if fate in stored})
    tally.add(_told(verdict) for verdict in report.results if verdict.why is not None)


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


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    stream = iter(items)
    while batch := list(islice(stream, BATCH_EVENTS)):
        yield batch
