"""Writers that land events while loads run, at the pace that the loads give them."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from queue import SimpleQueue

import psycopg

from ingestion.landing.land import land
from ingestion.landing.verdict import Status
from ingestion.store.database import Role, role_url
from tests.dbt_project.streams import StudyEvent
from tests.exactness.arrival import sent

BATCH = 50
HOLDS_EVERY = 4
"""Of so many batches one stays open, until its writer has landed so many others."""
AGAIN = 5
"""So many events of the batch before are sent once more."""


@dataclass
class Writer:
    """One sender of its own connections. It lands a batch for each ticket it is given."""

    url: str
    events: Sequence[StudyEvent]
    tickets: SimpleQueue[bool] = field(default_factory=SimpleQueue)
    accepted: int = 0
    duplicates: int = 0
    held: int = 0
    error: BaseException | None = None

    def write(self) -> None:
        """Land everything, batch by batch; runs in a thread of its own."""
        try:
            asyncio.run(self._write())
        except BaseException as error:
            self.error = error
            raise

    async def _write(self) -> None:
        open_until: list[tuple[int, psycopg.AsyncConnection]] = []
        before: Sequence[StudyEvent] = ()
        async with await self._connect() as connection:
            for number, batch in enumerate(_batches(self.events)):
                self.tickets.get()
                while open_until and open_until[0][0] <= number:
                    await _commit(open_until.pop(0)[1])
                if number % HOLDS_EVERY == 0:
                    holding = await self._connect()
                    await holding.execute("begin")
                    await self._land(holding, batch)
                    open_until.append((number + HOLDS_EVERY, holding))
                    self.held += len(batch)
                else:
                    await self._land(connection, [*batch, *before[:AGAIN]])
                    # never those of a batch still open: this one would wait for itself
                    before = batch
            self.tickets.get()
            for _, holding in open_until:
                await _commit(holding)

    async def _land(
        self, connection: psycopg.AsyncConnection, events: Sequence[StudyEvent]
    ) -> None:
        report = await land(
            connection,
            [sent(event) for event in events],
            received_at=max(event.at for event in events) + timedelta(seconds=1),
            sent_at=None,
            context={},
        )
        fates = {Status.ACCEPTED, Status.DUPLICATE}
        assert [found for found in report.results if found.status not in fates] == []
        self.accepted += report.counts[Status.ACCEPTED]
        self.duplicates += report.counts[Status.DUPLICATE]

    async def _connect(self) -> psycopg.AsyncConnection:
        own = role_url(self.url, Role.INGEST, application_name="exactness-writer")
        return await psycopg.AsyncConnection.connect(own, autocommit=True)


@contextmanager
def writing(writers: Sequence[Writer]) -> Iterator[None]:
    """Let writers run for the length of the block; at its end they land what they have left."""
    threads = [threading.Thread(target=writer.write) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for writer in writers:
            for _ in range(len(writer.events) // BATCH + 2):
                writer.tickets.put(True)
        for thread in threads:
            thread.join()


def _batches(events: Sequence[StudyEvent]) -> Iterator[Sequence[StudyEvent]]:
    for start in range(0, len(events), BATCH):
        yield events[start : start + BATCH]


async def _commit(connection: psycopg.AsyncConnection) -> None:
    await connection.execute("commit")
    await connection.close()
