"""What was sent and what the service said of it, to be held against what is stored."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.ingest.stream import Event
from bench.ingest.wire import encode_requests
from tests.faults.scale import BATCH


@dataclass(frozen=True)
class Batch:
    """One request, always sent with the same bytes, and the ids in it."""

    number: int
    request: bytes
    ids: Sequence[str]


def cut(events: Sequence[Event]) -> list[Batch]:
    """Batches of 100 events."""
    return [
        Batch(number, request, [event["event_id"] for event in events[start : start + BATCH]])
        for number, (start, request) in enumerate(
            zip(range(0, len(events), BATCH), encode_requests(events, BATCH), strict=True)
        )
    ]


@dataclass
class Ledger:
    """A sender's memory of a trial.

    `first` holds, by id, the verdict of the first answer that came; `unanswered` counts by batch
    how often it was sent without an answer, `unavailable` how often it was answered 503, which
    leaves open whether a commit under way came through; `statuses` are all HTTP statuses seen.
    """

    first: dict[str, str] = field(default_factory=dict)
    again: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[int] = field(default_factory=Counter)
    unavailable: Counter[int] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    refused_connections: int = 0
    _unchecked: list[str] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def note_answer(self, batch: Batch, body: bytes) -> None:
        """Take down the verdicts of an answer. They must be one for each event, in order."""
        results = json.loads(body)["results"]
        assert [result["event_id"] for result in results] == list(batch.ids)
        for result in results:
            event_id, status = result["event_id"], result["status"]
            if event_id in self.first:
                self.again[status] += 1
            else:
                self.first[event_id] = status
                self._unchecked.append(event_id)
        await self.note_status(200)

    async def note_refusal(self, batch: Batch, status: int) -> None:
        """Take down that a batch was refused whole, for now or for good."""
        if status == 503:
            self.unavailable[batch.number] += 1
        await self.note_status(status)

    async def note_status(self, status: int) -> None:
        """Take down the status of an answer."""
        async with self._changed:
            self.statuses[status] += 1
            self._changed.notify_all()

    def take_unchecked(self) -> list[str]:
        """The ids acknowledged since this was last asked."""
        taken, self._unchecked = self._unchecked, []
        return taken

    async def until_acknowledged(self, events: int) -> None:
        """Wait until so many events have a verdict."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.first) >= events)

    async def until_told_to_wait(self, times: int) -> None:
        """Wait until the service has said so often more that it cannot take a batch now."""
        async with self._changed:
            target = self.told_to_wait + times
            await self._changed.wait_for(lambda: self.told_to_wait >= target)

    @property
    def told_to_wait(self) -> int:
        """How often a batch was refused for now."""
        return self.statuses[503] + self.statuses[429]

    def unexplained(self, batches: Iterable[Batch]) -> list[str]:
        """Ids never called accepted though no attempt had an outcome nobody could know.

        A batch answered 429 is no such: nothing of it may have been touched.
        """
        return [
            event_id
            for batch in batches
            if not self.unanswered[batch.number] and not self.unavailable[batch.number]
            for event_id in batch.ids
            if self.first.get(event_id) != "accepted"
        ]
