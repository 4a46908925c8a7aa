"""`track_event` for applications: written to disk at once, sent in the background."""

import asyncio
import atexit
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self, Unpack

import httpx

from ingestion.clients.clock import Clock, SystemClock
from ingestion.clients.courier import LOG, Courier, Pace
from ingestion.clients.event import EventFields, UnsendableEventError, compose
from ingestion.clients.exchange import Exchange
from ingestion.clients.forks import watch_forks
from ingestion.clients.handoff import Handoff
from ingestion.clients.spool import Durability, Spool, SpoolError, SpoolFullError
from ingestion.clients.statistics import Counting, RefusedEvent, Statistics

_CLOSING_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class ClientSettings:
    """How a client works. Only `url` and `spool` must be given.

    `spool` is a file on a local disk, best one for each service; processes of one machine may
    share it. `most_events` and `most_bytes` bound it, `most_offered` the events on their way to
    it from `offer`. `on_refused` is called, from another thread, for each event that was rejected
    or in conflict. `transport`, `clock` and `random` are for tests.
    """

    url: str
    spool: Path
    write_key: str | None = None
    durability: Durability = Durability.PROCESS
    pace: Pace = field(default_factory=Pace)
    most_events: int = 100_000
    most_bytes: int = 64 * 1024 * 1024
    most_offered: int = 10_000
    timeout_seconds: float = 10.0
    on_refused: Callable[[RefusedEvent], None] = lambda _: None
    transport: httpx.BaseTransport | None = None
    clock: Clock = field(default_factory=SystemClock)
    random: Random = field(default_factory=Random)


class StudyClient:
    """Tracks events from any thread and any process it is forked into.

    Each process sends at 10 events or 30 seconds (`pace`), again until the service has judged
    them. `close` it, or leave it to the end of the process; what could not be sent by then is sent
    by the next client on the same spool.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._counting = Counting()
        self._spool = Spool(
            settings.spool,
            durability=settings.durability,
            most_events=settings.most_events,
            most_bytes=settings.most_bytes,
        )
        self._exchange = Exchange(
            settings.url,
            write_key=settings.write_key,
            timeout_seconds=settings.timeout_seconds,
            transport=settings.transport,
        )
        self._courier = Courier(
            self._spool,
            self._exchange,
            pace=settings.pace,
            clock=settings.clock,
            random=settings.random,
            counting=self._counting,
            on_refused=settings.on_refused,
        )
        self._handoff = Handoff(
            self._write_offered, most_events=settings.most_offered, counting=self._counting
        )
        self._closed = False
        if self._spool.count():  # left by a process before this one
            self._courier.start()
        atexit.register(self.close)
        watch_forks(self)

    def track_event(self, **fields: Unpack[EventFields]) -> str:
        """Write an event to the spool and return its id.

        When this returns the event is as safe as the `durability` says. Raises
        `UnsendableEventError` for a wrong call, `SpoolFullError` where there is no room, and
        `SpoolError` where the spool cannot be written.
        """
        event_id, body = compose(fields, now=self._settings.clock.now())
        if not self._write([body]):
            raise SpoolFullError(
                f"the spool {self._settings.spool} is full: is {self._settings.url} away?"
            )
        return event_id

    def offer(self, **fields: Unpack[EventFields]) -> bool:
        """Take an event without waiting for the disk; for places that must not be slowed.

        It is on disk a moment later. Never raises: what is lost is counted as `dropped`, what is
        no event as `unsendable`, and False is returned where that is known at once.
        """
        if fields.get("occurred_at") is None:
            fields["occurred_at"] = self._settings.clock.now()
        return not self._closed and self._handoff.put(fields)

    def flush(self, timeout_seconds: float = 30.0) -> bool:
        """Send all that waits; True if the service judged all of it within the time.

        A `Retry-After` of the service is honoured here, too.
        """
        self._handoff.drain()
        return self._courier.deliver(timeout_seconds)

    def close(self, timeout_seconds: float = _CLOSING_SECONDS) -> None:
        """Try once to send what waits, and end. Tracking afterwards still reaches the spool."""
        self._closed = True
        atexit.unregister(self.close)
        self._handoff.close(timeout_seconds)
        self._courier.stop(timeout_seconds)
        with self._spool.lock:
            self._spool.disconnect()

    def statistics(self) -> Statistics:
        """Counts of this process; raises `SpoolError`."""
        return self._counting.read(waiting=self._spool.count())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, bodies: list[str]) -> int:
        taken = self._spool.append(bodies)
        self._counting.add("tracked", taken)
        if taken:
            self._courier.notice(taken)
        return taken

    def _write_offered(self, offered: list[EventFields]) -> None:
        bodies = []
        for fields in offered:
            try:
                bodies.append(compose(fields, now=self._settings.clock.now())[1])
            except (UnsendableEventError, KeyError, TypeError) as error:
                self._counting.add("unsendable")
                LOG.error("an offered event cannot be sent: %s", error)
        try:
            lost = len(bodies) - self._write(bodies)
        except SpoolError as error:
            lost = len(bodies)
            LOG.error("offered events are lost: %s", error)
        if lost:
            self._counting.add("dropped", lost)

    def before_fork(self) -> None:
        """Hold all threads where no lock is theirs, and close the spool's file."""
        # In the order in which threads take them.
        self._handoff.lock.acquire()
        self._courier.condition.acquire()
        self._spool.lock.acquire()
        self._spool.disconnect()

    def after_fork_in_parent(self) -> None:
        """Let the threads go on."""
        self._spool.lock.release()
        self._courier.condition.release()
        self._handoff.lock.release()

    def after_fork_in_child(self) -> None:
        """Leave to the parent what is its own; threads start anew when needed."""
        self._spool.lock.release()
        self._spool.give_up_turn()
        self._counting.begin_anew()
        self._exchange.abandon()
        self._courier.begin_anew()
        self._handoff.begin_anew()


class AsyncStudyClient:
    """The same for asyncio: no call waits for disk or network on the event loop."""

    def __init__(self, settings: ClientSettings) -> None:
        self._client = StudyClient(settings)

    async def track_event(self, **fields: Unpack[EventFields]) -> str:
        """Write an event to the spool and return its id; see `StudyClient.track_event`."""
        return await asyncio.to_thread(self._client.track_event, **fields)

    def offer(self, **fields: Unpack[EventFields]) -> bool:
        """Take an event without waiting at all; see `StudyClient.offer`."""
        return self._client.offer(**fields)

    async def flush(self, timeout_seconds: float = 30.0) -> bool:
        """Send all that waits; see `StudyClient.flush`."""
        return await asyncio.to_thread(self._client.flush, timeout_seconds)

    async def close(self, timeout_seconds: float = _CLOSING_SECONDS) -> None:
        """Try once to send what waits, and end; see `StudyClient.close`."""
        await asyncio.to_thread(self._client.close, timeout_seconds)

    async def statistics(self) -> Statistics:
        """Counts of this process; raises `SpoolError`."""
        return await asyncio.to_thread(self._client.statistics)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        await self.close()
