"""Time as the client sees it: tests put one in its place that only moves when told."""

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the client asks of time."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC: what events and requests are dated by."""

    def monotonic(self) -> float:
        """Seconds that only grow: what waits are measured by."""

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait, holding `condition`, until it is notified or the time is up; None is for ever.

        It may also return for no reason: the caller looks again at what it waits for.
        """


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """The wall clock in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait on the condition, in real seconds."""
        condition.wait(seconds)
