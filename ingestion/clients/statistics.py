"""What became of the events of one client, in numbers."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

STATUSES = ("accepted", "duplicate", "rejected", "conflict")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Counts since the client was made (in this process); `waiting` is the spool's, now.

    `accepted`, `duplicate`, `rejected` and `conflict` are the service's verdicts, so also on events
    that an earlier process wrote to the spool. A duplicate is an event that was stored by an
    attempt whose answer never came. `dropped` counts events that were offered and lost: no room,
    or no spool to write to; `unsendable` those that were offered and are no events.
    """

    tracked: int = 0
    dropped: int = 0
    unsendable: int = 0
    requests: int = 0
    failures: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    conflict: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """An event the service did not store, and why; it is not sent again.

    The service keeps it among its failed events, unless it refused the whole request.
    """

    event: Mapping[str, Any]
    status: str
    code: str | None
    path: str | None
    message: str | None


class Counting:
    """Counts by name, from any thread."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Count from nothing; in a forked child the lock may be held by a thread left behind."""
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, name: str, count: int = 1) -> None:
        """Count."""
        with self._lock:
            self._counts[name] += count

    def read(self, *, waiting: int) -> Statistics:
        """The counts now."""
        with self._lock:
            counts = dict(self._counts)
        return replace(Statistics(waiting=waiting), **counts)
