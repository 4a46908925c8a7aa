"""Requests of one learner one after the other, before they take a connection each.

The database would have them wait as well, but everyone with a connection in hand: a crowd of one
learner's requests would keep all others out.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from ingestion.landing.observer import LandingObserver
from ingestion.landing.queue import QueueFullError


class LearnerQueues:
    """Lets one request of each learner pass at a time, in their order; the rest waits here."""

    def __init__(self, most: int, observer: LandingObserver) -> None:
        self._most, self._observer = most, observer
        self._waiting = 0
        self._turns: dict[UUID, asyncio.Lock] = {}
        self._users: dict[UUID, int] = {}

    def require_room(self) -> None:
        """Raise `QueueFullError` where as many requests as may are under way."""
        if self._waiting >= self._most:
            self._observer.refused(1)
            raise QueueFullError

    @asynccontextmanager
    async def turn(self, learner: UUID) -> AsyncIterator[None]:
        """Wait for the learner's turn and hold it for the length of the block.

        Raises `QueueFullError` where as many requests as may are under way already.
        """
        self.require_room()
        self._waiting += 1
        self._users[learner] = self._users.get(learner, 0) + 1
        lock = self._turns.setdefault(learner, asyncio.Lock())
        try:
            async with lock:
                yield
        finally:
            self._waiting -= 1
            self._users[learner] -= 1
            if not self._users[learner]:
                del self._users[learner], self._turns[learner]
