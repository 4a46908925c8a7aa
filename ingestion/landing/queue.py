"""Requests on their way to the database: bounded, merged while it is busy, parted when one fails.

A request that comes while a writer is idle is written at once, alone. One that comes while all are
busy waits, and whoever is free next takes what waits into one transaction: under load commits
become fewer and larger by themselves, and nobody waits for a timer.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psycopg
from psycopg_pool import AsyncConnectionPool

from ingestion.landing.exchange import StaleConnectionError
from ingestion.landing.judging import JudgedBatch
from ingestion.landing.land import Lander, Outcome
from ingestion.landing.limits import QueueLimits
from ingestion.landing.observer import LandingObserver, SilentObserver
from ingestion.landing.suppression import Suppression
from ingestion.landing.verdict import LandingReport


class QueueFullError(Exception):
    """The queue holds as much as it may: nothing of the request is stored, it may be resent."""


@dataclass(slots=True, eq=False)
class _Waiting:
    batch: JudgedBatch
    size_bytes: int
    outcome: asyncio.Future[LandingReport]


class LandingQueue:
    """Takes judged batches of many requests and lands them over a few connections.

    The pool must be open and its connections in autocommit; it need not check them. Use as a
    context: at its end everything taken is written before it returns.
    """

    def __init__(
        self,
        pool: AsyncConnectionPool,
        *,
        limits: QueueLimits | None = None,
        observer: LandingObserver | None = None,
        suppression: Suppression | None = None,
    ) -> None:
        self._pool = pool
        self._limits = limits or QueueLimits()
        self._observer = observer or SilentObserver()
        self._lander = Lander(self._observer, suppression)
        self._waiting: deque[_Waiting] = deque()
        self._writers: set[asyncio.Task[None]] = set()
        self._events = self._bytes = self._requests = 0
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Take nothing more and write what was taken."""
        self._is_closed = True
        while self._writers:
            await asyncio.wait(self._writers)

    def require_room(self, events: int = 0, size_bytes: int = 0) -> None:
        """Raise QueueFullError unless so much more may wait; ask before reading a request.

        An empty queue takes any request, or one that is larger than the whole queue never went.
        """
        limits = self._limits
        over = self._events + events > limits.events or self._bytes + size_bytes > limits.size_bytes
        if self._is_closed or (over and self._requests):
            self._observer.refused(events)
            raise QueueFullError

    async def land(self, batch: JudgedBatch, size_bytes: int) -> LandingReport:
        """Land a batch; when this returns, what its report calls stored is committed.

        Raises QueueFullError, and `psycopg.OperationalError` or `PoolTimeout` when the database
        cannot be reached or gives up: the batch may be sent again. If the caller is cancelled, a
        batch not yet in a writer's hands is dropped; the others do not notice.
        """
        self.require_room(batch.size, size_bytes)
        waiting = _Waiting(batch, size_bytes, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._count(waiting, 1)
        self._observer.judged(batch.fast, batch.size - batch.fast)
        if len(self._writers) < self._limits.writers:
            self._writers.add(asyncio.create_task(self._write()))
        try:
            return await waiting.outcome
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
                self._count(waiting, -1)
            raise

    async def _write(self) -> None:
        """Write until nothing waits any more, and then be no writer at once: a request that came
        between the last look and a callback would find one, start none, and wait for ever.
        """
        try:
            await self._write_waiting()
        finally:
            self._writers -= {asyncio.current_task()}

    async def _write_waiting(self) -> None:
        while self._waiting:
            group = self._take()
            try:
                outcomes = await self._land([waiting.batch for waiting in group])
            except Exception as error:  # noqa: BLE001 (raised again to each who waits for it)
                outcomes = [error] * len(group)
                if isinstance(error, psycopg.OperationalError):
                    # There is no connection to be had: those behind would wait as long again.
                    group += self._take(everything=True)
                    outcomes = [error] * len(group)
            for waiting, outcome in zip(group, outcomes, strict=True):
                self._count(waiting, -1)
                _answer(waiting, outcome)

    async def _land(self, batches: Sequence[JudgedBatch]) -> list[Outcome | Exception]:
        # The pool may hold nothing but connections that died while idle: each is tried once.
        for _ in range(self._pool.max_size):
            async with self._pool.connection() as connection:
                try:
                    return list(await self._lander.land(connection, batches))
                except StaleConnectionError:
                    continue
        async with self._pool.connection() as connection:
            return list(await self._lander.land(connection, batches))

    def _take(self, *, everything: bool = False) -> list[_Waiting]:
        """Take what waits, one request at least, up to what goes into one transaction."""
        group: list[_Waiting] = []
        events = 0
        while self._waiting and (
            everything
            or not group
            or events + self._waiting[0].batch.size <= self._limits.merged_events
        ):
            group.append(self._waiting.popleft())
            events += group[-1].batch.size
        return group

    def _count(self, waiting: _Waiting, sign: int) -> None:
        self._events += sign * waiting.batch.size
        self._bytes += sign * waiting.size_bytes
        self._requests += sign
        self._observer.waiting(self._events, self._requests)


def _answer(waiting: _Waiting, outcome: Outcome | Exception) -> None:
    if waiting.outcome.done():
        return  # nobody waits any more
    if isinstance(outcome, Exception):
        waiting.outcome.set_exception(outcome)
    else:
        waiting.outcome.set_result(outcome)
