"""Senders that do not give up: the same bytes again until they are answered."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bench.ingest.load import HOST
from bench.ingest.wire import Answer, Connection
from tests.faults.ledger import Batch, Ledger

SENDERS = 8
RETRIED = (429, 503)
# Shorter than any service asks for: who comes back too early must be held off, too.
_PAUSE_SECONDS = 0.05
# Longer than any fault lasts: a sender still waiting then waits for nothing.
_HANGS_AFTER_SECONDS = 120.0


class Supply:
    """Batches to deliver, some of them held back for each fault still to come.

    Else fast senders would have nothing left to send by the time that a fault is in place.
    """

    def __init__(self, batches: Sequence[Batch], *, faults: int) -> None:
        self._batches = deque(batches)
        self._held = faults * SENDERS
        self._released = asyncio.Condition()

    async def release(self) -> None:
        """Let go of what was held back for one fault: a batch for every sender."""
        async with self._released:
            self._held = max(0, self._held - SENDERS)
            self._released.notify_all()

    async def take(self) -> Batch | None:
        """The next batch, as soon as it may be sent; None when there is no more."""
        async with self._released:
            await self._released.wait_for(
                lambda: len(self._batches) > self._held or not self._batches
            )
            return self._batches.popleft() if self._batches else None


class Sender:
    """One connection at a time, made anew when it broke."""

    def __init__(self, port: int, ledger: Ledger) -> None:
        self._port, self._ledger = port, ledger
        self._connection: Connection | None = None

    async def deliver_all(self, supply: Supply) -> None:
        """Take batches until there is none, and deliver each."""
        try:
            while (batch := await supply.take()) is not None:
                await self._deliver(batch)
        finally:
            self._disconnect()

    async def _deliver(self, batch: Batch) -> None:
        while (answer := await self._attempt(batch)) is None or answer.status in RETRIED:
            if answer is not None:
                await self._ledger.note_refusal(batch, answer.status)
            await asyncio.sleep(_PAUSE_SECONDS)
        if answer.status != 200:
            await self._ledger.note_refusal(batch, answer.status)
            raise AssertionError(f"the service answered {answer.status}: {answer.body[:500]!r}")
        await self._ledger.note_answer(batch, answer.body)

    async def _attempt(self, batch: Batch) -> Answer | None:
        if self._connection is None or not self._connection.is_open:
            try:
                self._connection = await Connection.open(HOST, self._port)
            except OSError:
                self._ledger.refused_connections += 1
                return None
        try:
            async with asyncio.timeout(_HANGS_AFTER_SECONDS):
                return await self._connection.exchange(batch.request)
        except ConnectionError:
            self._ledger.unanswered[batch.number] += 1
            self._disconnect()
            return None

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


@dataclass(frozen=True)
class Moment:
    """When a fault strikes: which of them it is, and what lets senders run into it."""

    number: int
    release: Callable[[], Awaitable[None]]


Strike = Callable[[Moment], Awaitable[None]]


def deliver(
    port: int, batches: Sequence[Batch], ledger: Ledger, *, strike: Strike, faults: int
) -> None:
    """Deliver every batch by eight senders, and strike so often while they do.

    The strikes are spread evenly over the events acknowledged; the senders go on meanwhile. A
    strike that waits for what senders are told must release the batches held for it before.
    """
    total = sum(len(batch.ids) for batch in batches)

    async def inflict(supply: Supply) -> None:
        for number in range(faults):
            await ledger.until_acknowledged(total * (number + 1) // (faults + 2))
            held = asyncio.Event()

            async def release(held: asyncio.Event = held) -> None:
                if not held.is_set():
                    held.set()
                    await supply.release()

            async with asyncio.timeout(_HANGS_AFTER_SECONDS):
                await strike(Moment(number, release))
            await release()

    async def main() -> None:
        supply = Supply(batches, faults=faults)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(inflict(supply))
            for _ in range(SENDERS):
                tasks.create_task(Sender(port, ledger).deliver_all(supply))

    asyncio.run(main())


def resend(port: int, batches: Sequence[Batch], ledger: Ledger) -> None:
    """Deliver batches once more, with nothing in the way."""

    async def main() -> None:
        await Sender(port, ledger).deliver_all(Supply(batches, faults=0))

    asyncio.run(main())
