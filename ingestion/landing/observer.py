"""What a landing queue tells of itself to whoever counts: metrics, a benchmark, a test."""

from collections.abc import Mapping
from typing import Protocol

from ingestion.landing.verdict import Status


class LandingObserver(Protocol):
    """Called on the event loop, between two steps of the queue: must return at once, never raise.

    Times are seconds, counts are of events where nothing else is said.
    """

    def waiting(self, events: int, requests: int) -> None:
        """Told whenever it changes: what the queue holds, in the hands of a writer or not yet."""

    def refused(self, events: int) -> None:
        """A request was turned away because the queue was full."""

    def judged(self, fast: int, slow: int) -> None:
        """How many events of a request were judged by the fast path, and how many singly."""

    def committed(
        self, seconds: float, requests: int, counts: Mapping[Status, int], redacted: int
    ) -> None:
        """A transaction is committed: how long it took, how many requests it merged, verdicts.

        `redacted` is the number of events that held private data, taken out before the write.
        """

    def compared(self, events: int) -> None:
        """A plain write met an id that is stored already; this many events went the longer way."""

    def split(self, requests: int) -> None:
        """A merged transaction failed and its requests are tried again in smaller groups."""


class SilentObserver:
    """Counts nothing."""

    def waiting(self, events: int, requests: int) -> None:
        """Do nothing."""

    def refused(self, events: int) -> None:
        """Do nothing."""

    def judged(self, fast: int, slow: int) -> None:
        """Do nothing."""

    def committed(
        self, seconds: float, requests: int, counts: Mapping[Status, int], redacted: int
    ) -> None:
        """Do nothing."""

    def compared(self, events: int) -> None:
        """Do nothing."""

    def split(self, requests: int) -> None:
        """Do nothing."""
