"""Whether an event's month is open for landing."""

import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg

from ingestion.events.codes import Code
from ingestion.events.validation import Rejection
from ingestion.store.partitions import Month, Months, read_months

_TRUSTED_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class OpenMonths:
    """The open months as spans of keys without a gap: [first, last) in the keys' 16 bytes."""

    spans: Sequence[tuple[bytes, bytes]]
    archived: Sequence[tuple[bytes, bytes]] = ()

    @classmethod
    def of(cls, months: Months) -> "OpenMonths":
        """Join months that follow one another."""
        return cls(_join(months.open), _join(months.archived))

    @property
    def oldest(self) -> int:
        """When the oldest open month begins, in microseconds since 1970."""
        return int.from_bytes(self.spans[0][0][:6]) * 1000

    def holds(self, first: bytes, last: bytes) -> bool:
        """Whether every key from the first to the last has a month."""
        return _cover(self.spans, first, last)

    def refuse(self, key: bytes, occurred: int) -> Rejection | None:
        """Why an event has no month to go to; None if it has one.

        Two times count: the one in its key, which names its partition, and the corrected one
        (microseconds since 1970). They part when a client's clock is wrong; a wild `sent_at` must
        not carry an event to 1990.
        """
        if _cover(self.archived, key, key):
            return Rejection(
                Code.MONTH_ARCHIVED,
                "occurred_at",
                "its month is in the archive: it can be replayed once that is restored",
            )
        if not self.holds(key, key):
            return _refuse("its month is not open: it lies too long ago, or too far ahead")
        if occurred < self.oldest:
            return _refuse("corrected by sent_at it lies before the oldest open month")
        return None


@dataclass(slots=True)
class MonthCache:
    """The open months as last read: trusted for some seconds, to save a query a transaction.

    Nothing can go wrong by it. An event is turned away only by months just read, and one whose
    month was closed meanwhile finds no partition: then they are read again.
    """

    _known: OpenMonths | None = field(default=None, init=False)
    _read_at: float = field(default=0.0, init=False)

    async def read(self, connection: psycopg.AsyncConnection, *, fresh: bool = False) -> OpenMonths:
        """The open months; with `fresh` as they are now."""
        now = time.monotonic()
        if fresh or self._known is None or now - self._read_at > _TRUSTED_SECONDS:
            self._known = OpenMonths.of(await read_months(connection))
            self._read_at = now
        return self._known

    def forget(self) -> None:
        """Read them anew the next time."""
        self._known = None


def _join(months: Sequence[Month]) -> list[tuple[bytes, bytes]]:
    spans: list[tuple[bytes, bytes]] = []
    for lower, upper in months:
        start = spans.pop()[0] if spans and spans[-1][1] == lower.bytes else lower.bytes
        spans.append((start, upper.bytes))
    return spans


def _cover(spans: Sequence[tuple[bytes, bytes]], first: bytes, last: bytes) -> bool:
    index = bisect_right(spans, first, key=lambda span: span[0]) - 1
    return index >= 0 and last < spans[index][1]


def _refuse(why: str) -> Rejection:
    return Rejection(Code.OCCURRED_AT_OUT_OF_RANGE, "occurred_at", why)
