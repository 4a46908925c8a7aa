"""How much the landing queue may hold: apart, so that settings do not load what they set."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimits:
    """How much may wait, and how much goes into one transaction.

    `events` and `size_bytes` (of requests as they came in, inflated) bound the memory of all
    requests that are not yet answered: some three times their size. `writers` is the number of
    connections that write.
    """

    events: int = 20_000
    size_bytes: int = 16 * 1024 * 1024
    merged_events: int = 2_000
    writers: int = 1
