"""Land batches: commit what holds, keep what does not, and say what became of each event."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from itertools import chain
from operator import attrgetter

import psycopg
from psycopg import AsyncConnection, DataError
from psycopg.errors import (
    CheckViolation,
    DeadlockDetected,
    LockNotAvailable,
    SerializationFailure,
    UniqueViolation,
)

from ingestion.landing import books, event_log, failed_events
from ingestion.landing.dialect import Dialect
from ingestion.landing.exchange import StaleConnectionError
from ingestion.landing.failed_events import FailedEvent
from ingestion.landing.judging import JudgedBatch, Row, judge_values
from ingestion.landing.months import MonthCache, OpenMonths
from ingestion.landing.observer import LandingObserver, SilentObserver
from ingestion.landing.suppression import Suppression
from ingestion.landing.verdict import LandingReport, Status, Verdict

Outcome = LandingReport | psycopg.Error

_ATTEMPTS = 10
_place = attrgetter("index")


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
    batch = judge_values(events, received_at=received_at, sent_at=sent_at, context=context)
    (outcome,) = await Lander().land(connection, [batch])
    if isinstance(outcome, psycopg.Error):
        raise outcome
    return outcome


async def land_again(  # noqa: PLR0913 (what a landing is told, and in which dialect)
    connection: AsyncConnection,
    events: Sequence[object],
    *,
    received_at: datetime,
    sent_at: datetime | None,
    context: Mapping[str, object],
    dialect: Dialect | None = None,
) -> LandingReport:
    """Land what dead letters hold, as `land` does, but in the caller's transaction.

    No dead letter is written: there is one of each already.
    """
    batch = judge_values(
        events, received_at=received_at, sent_at=sent_at, context=context, dialect=dialect
    )
    rows = await _open_rows(connection, [batch], MonthCache())
    verdicts = await event_log.merge(connection, rows)
    reports = [_report(batch, verdicts)]
    await connection.execute(books.entry([batch], reports))
    return reports[0]


async def land_within(
    connection: AsyncConnection, batch: JudgedBatch, months: MonthCache
) -> LandingReport:
    """Land a batch in the caller's transaction: with it everything is committed, or nothing.

    Raises `UniqueViolation` where one of its ids was stored since the caller looked: then the
    transaction is void, and to be begun anew.
    """
    rows = await _open_rows(connection, [batch], months)
    if rows:
        await event_log.append(connection, rows)
    (report,) = await _conclude(
        connection, [batch], [[row.verdict(Status.ACCEPTED) for row in rows]]
    )
    return report


async def land_known(
    connection: AsyncConnection, batch: JudgedBatch, months: MonthCache
) -> LandingReport:
    """The same for events of which some are known to be stored: each is told from its copy."""
    rows = await _open_rows(connection, [batch], months)
    (report,) = await _conclude(connection, [batch], [await event_log.merge(connection, rows)])
    return report


class Lander:
    """Writes judged batches, several in one transaction; all it remembers are the open months."""

    def __init__(
        self, observer: LandingObserver | None = None, suppression: Suppression | None = None
    ) -> None:
        self._months = MonthCache()
        self._suppression = suppression or Suppression(None)
        self._observer = observer or SilentObserver()

    async def land(
        self, connection: AsyncConnection, batches: Sequence[JudgedBatch]
    ) -> list[Outcome]:
        """Commit batches; for each its report, or the error for which nothing of it is stored.

        A batch that the database refuses fails alone. A deadlock fails none: the batches are
        tried again, in smaller groups. Raises `StaleConnectionError`, and `LockNotAvailable`
        where the table is locked: each smaller group would wait as long again.
        """
        failure: psycopg.Error | None = None
        for _ in range(_ATTEMPTS):
            try:
                return list(await self._land_together(connection, batches))
            except (StaleConnectionError, LockNotAvailable):
                raise
            except (DeadlockDetected, SerializationFailure) as error:
                failure = error
                if len(batches) > 1:
                    break
            except CheckViolation as error:
                failure = error  # a month was closed since the months were read
                self._months.forget()
            except psycopg.Error as error:
                failure = error
                break
        if failure is None:
            raise RuntimeError("an attempt neither failed nor returned")
        if len(batches) == 1 or connection.broken:
            return [failure] * len(batches)
        self._observer.split(len(batches))
        middle = len(batches) // 2
        first = await self.land(connection, batches[:middle])
        return first + await self.land(connection, batches[middle:])

    async def _land_together(
        self, connection: AsyncConnection, batches: Sequence[JudgedBatch]
    ) -> list[LandingReport]:
        begun = time.perf_counter()
        try:
            reports = await self._append(connection, batches)
        except (UniqueViolation, DataError):
            reports = None
        if reports is None:
            self._observer.compared(sum(len(batch.rows) for batch in batches))
            reports = await self._merge(connection, batches)
        self._observer.committed(
            time.perf_counter() - begun,
            len(batches),
            sum((report.counts for report in reports), Counter[Status]()),
            sum(batch.redacted for batch in batches),
        )
        return reports

    async def _append(
        self, connection: AsyncConnection, batches: Sequence[JudgedBatch]
    ) -> list[LandingReport] | None:
        """Land events of which none is stored already; None if two of them have one key."""
        if connection.autocommit and not any(batch.failed for batch in batches):
            rows = await self._open_rows_alone(connection, batches)
            if rows and not any(batch.failed for batch in batches):
                return await _append_at_once(connection, batches, rows)
        async with _transaction(connection):
            await self._suppression.screen(connection, batches)
            rows = await _open_rows(connection, batches, self._months)
            if _share_keys(rows):
                return None
            if rows:
                await event_log.append(connection, rows)
            return await _conclude(connection, batches, _all_accepted(batches))

    async def _open_rows_alone(
        self, connection: AsyncConnection, batches: Sequence[JudgedBatch]
    ) -> list[Row]:
        try:
            await self._suppression.screen(connection, batches)
            return await _open_rows(connection, batches, self._months)
        except psycopg.OperationalError as error:
            if connection.broken:
                raise StaleConnectionError(str(error)) from error
            raise

    async def _merge(
        self, connection: AsyncConnection, batches: Sequence[JudgedBatch]
    ) -> list[LandingReport]:
        """Land events of which some may be stored already."""
        async with _transaction(connection):
            await self._suppression.screen(connection, batches)
            rows = await _open_rows(connection, batches, self._months)
            owners = {id(row): owner for owner, batch in enumerate(batches) for row in batch.rows}
            verdicts: list[list[Verdict]] = [[] for _ in batches]
            merged = await event_log.merge(connection, rows)
            for row, verdict in zip(rows, merged, strict=True):
                verdicts[owners[id(row)]].append(verdict)
            return await _conclude(connection, batches, verdicts)


async def _append_at_once(
    connection: AsyncConnection, batches: Sequence[JudgedBatch], rows: Sequence[Row]
) -> list[LandingReport] | None:
    """Land rows of which none is stored, nothing else being there to write: in one message."""
    if _share_keys(rows):
        return None
    accepted = _all_accepted(batches)
    reports = [_report(*both) for both in zip(batches, accepted, strict=True)]
    await event_log.append_with(connection, rows, books.entry(batches, reports))
    return reports


def _share_keys(rows: Sequence[Row]) -> bool:
    return len({row.key for row in rows}) < len(rows)


def _all_accepted(batches: Sequence[JudgedBatch]) -> list[list[Verdict]]:
    return [[row.verdict(Status.ACCEPTED) for row in batch.rows] for batch in batches]


async def _open_rows(
    connection: AsyncConnection, batches: Sequence[JudgedBatch], known: MonthCache
) -> list[Row]:
    """The rows to store, sorted; those whose month is closed are turned away."""
    rows = event_log.in_key_order([row for batch in batches for row in batch.rows])
    if rows and not _are_open(await known.read(connection), rows):
        months = await known.read(connection, fresh=True)
        for batch in batches:
            batch.close(months)
        rows = event_log.in_key_order([row for batch in batches for row in batch.rows])
    return rows


def _are_open(months: OpenMonths, rows: Sequence[Row]) -> bool:
    earliest = min(row.occurred for row in rows)
    return months.holds(rows[0].key, rows[-1].key) and earliest >= months.oldest


async def _conclude(
    connection: AsyncConnection,
    batches: Sequence[JudgedBatch],
    verdicts: Sequence[Sequence[Verdict]],
) -> list[LandingReport]:
    """Keep the dead letters, write the books, and report: the end of the transaction.

    `verdicts` are those on the rows of each batch, in any order.
    """
    for batch, of_rows in zip(batches, verdicts, strict=True):
        failed = [
            FailedEvent(verdict, verdict.why, batch.payload_at(verdict.index))
            for verdict in of_rows
            if verdict.why is not None
        ]
        await failed_events.keep(
            connection,
            batch.failed + failed,
            received_at=batch.received_at,
            sent_at=batch.sent_at,
            context=batch.context,
        )
    reports = [_report(*both) for both in zip(batches, verdicts, strict=True)]
    await connection.execute(books.entry(batches, reports))
    return reports


def _report(batch: JudgedBatch, of_rows: Sequence[Verdict]) -> LandingReport:
    failed = (failed.verdict for failed in batch.failed)
    told = sorted(chain(of_rows, failed, batch.unkept), key=_place)
    if list(map(_place, told)) != list(range(batch.size)):
        raise RuntimeError("not every event has its verdict")
    return LandingReport(told)


@asynccontextmanager
async def _transaction(connection: AsyncConnection) -> AsyncIterator[None]:
    # Nothing is asked of the connection before: a query outside would open a transaction of its
    # own around this one, and then nothing would be committed when this ends.
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(connection.transaction())
        except psycopg.OperationalError as error:
            raise StaleConnectionError(str(error)) from error
        yield
