"""How much a sender may send: token buckets, each in one worker's memory.

The library `limits` counts hits in windows of the wall clock, one storage call for each unit, and
cannot say exactly when a batch will be let in again. A bucket can: `Retry-After` is arithmetic.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Subject = TypeVar("Subject", bound=Hashable)
Clock = Callable[[], float]

MOST_SUBJECTS = 10_000
"""Buckets kept at once. One that is forgotten is full again, so only floods of addresses gain."""


class TokenBucket:
    """`rate` tokens a second, at most `burst` of them kept; starts full."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst, self._tokens, self._at = rate, burst, burst, now

    def wait(self, cost: float, now: float) -> float:
        """Seconds until `cost` tokens can be taken; 0 where they can be now.

        What costs more than the bucket holds waits for a full one, and leaves a debt: otherwise
        a batch above the burst could never be sent.
        """
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (min(cost, self._burst) - self._tokens) / self._rate)

    def take(self, cost: float) -> None:
        """Take tokens that `wait` has just found there."""
        self._tokens -= cost


class RateLimiter(Generic[Subject]):
    """One bucket for each subject that has been seen lately."""

    def __init__(self, *, most: int = MOST_SUBJECTS, clock: Clock = time.monotonic) -> None:
        self._buckets: OrderedDict[Subject, TokenBucket] = OrderedDict()
        self._most, self._clock = most, clock

    def take(self, subject: Subject, cost: float, *, rate: float, burst: float) -> int:
        """Take `cost` tokens and return 0, or take none and return the seconds to wait (whole)."""
        bucket, now = self._bucket(subject, rate, burst)
        seconds = _whole(bucket.wait(cost, now))
        if not seconds:
            bucket.take(cost)
        return seconds

    def look(self, subject: Subject, cost: float) -> int:
        """Whole seconds until `take` would be let through; 0 for a subject never seen."""
        bucket = self._buckets.get(subject)
        return 0 if bucket is None else _whole(bucket.wait(cost, self._clock()))

    def _bucket(self, subject: Subject, rate: float, burst: float) -> tuple[TokenBucket, float]:
        now = self._clock()
        bucket = self._buckets.get(subject)
        if bucket is None:
            bucket = self._buckets[subject] = TokenBucket(rate, burst, now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(subject)
        return bucket, now


def _whole(seconds: float) -> int:
    # Without the allowance a sum that is short by the last bit would cost a second more than told.
    return max(0, math.ceil(seconds - 1e-6))
