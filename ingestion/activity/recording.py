"""One transaction for each activity: lock the learner, know a retry, enrich, award, land."""

import time
from collections.abc import Mapping

from psycopg import AsyncConnection
from psycopg.errors import CheckViolation, DeadlockDetected, SerializationFailure, UniqueViolation
from psycopg_pool import AsyncConnectionPool

from ingestion.activity.identity import look_up
from ingestion.activity.mastery import MasteryReader
from ingestion.activity.queueing import LearnerQueues
from ingestion.activity.refusing import ActivityRefusedError
from ingestion.activity.request import Said
from ingestion.activity.step import Recorded, Step
from ingestion.activity.table import CHECK_IN
from ingestion.gamification.learner_log import StoredFactError
from ingestion.gamification.rules import GamificationRules
from ingestion.landing.learner_log import lock_learner
from ingestion.landing.months import MonthCache
from ingestion.landing.observer import LandingObserver
from ingestion.landing.suppression import REFUSAL, Suppression

_ATTEMPTS = 5
_VOID = (
    UniqueViolation,
    CheckViolation,
    DeadlockDetected,
    SerializationFailure,
    StoredFactError,
)


class Recorder:
    """Records activities over a pool of connections, which are in autocommit."""

    def __init__(  # noqa: PLR0913 (all but three by name)
        self,
        pool: AsyncConnectionPool,
        rules: GamificationRules,
        mastery: MasteryReader,
        *,
        observer: LandingObserver,
        most_waiting: int,
        suppression: Suppression,
    ) -> None:
        self._pool, self._rules, self._mastery = pool, rules, mastery
        self._observer = observer
        self._months = MonthCache()
        self._suppression = suppression
        self._queues = LearnerQueues(most_waiting, observer)

    def require_room(self) -> None:
        """Raise `QueueFullError` where too many wait; ask before reading a request."""
        self._queues.require_room()

    async def record(
        self, said: Said, *, context: Mapping[str, object], user_agent: str | None
    ) -> Recorded:
        """Record what was said; when this returns, what it calls stored is committed.

        Raises `ActivityRefusedError` where it cannot be enriched; `QueueFullError`, and
        `psycopg.OperationalError` or `PoolTimeout` where the database is away: nothing is stored
        then, and the request may be sent again.
        """
        async with self._queues.turn(said.user_id):
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    async with self._pool.connection() as connection:
                        return await self._record(connection, said, context, user_agent)
                except _VOID:
                    # Its id came by another way since it was looked up, or a month was closed.
                    self._months.forget()
                    if attempt == _ATTEMPTS:
                        raise
        raise RuntimeError("an attempt neither failed nor returned")

    async def _record(
        self,
        connection: AsyncConnection,
        said: Said,
        context: Mapping[str, object],
        user_agent: str | None,
    ) -> Recorded:
        begun = time.perf_counter()
        async with connection.transaction():
            received_at = await lock_learner(connection, said.user_id)
            if await self._suppression.is_forgotten(connection, said.user_id):
                raise ActivityRefusedError(REFUSAL.code, REFUSAL.path, REFUSAL.message)
            known = await look_up(connection, said, received_at)
            step = Step(
                connection=connection,
                rules=self._rules,
                months=self._months,
                mastery=self._mastery,
                said=said,
                known=known,
                received_at=received_at,
                context=context,
            )
            if known.stored is not None:
                recorded = await step.repeat(known.stored, user_agent)
            elif said.activity.path == CHECK_IN:
                recorded = await step.check_in()
            else:
                recorded = await step.store(user_agent)
        if recorded.batch is not None and recorded.report is not None:
            self._observer.judged(0, recorded.batch.size)
            self._observer.committed(
                time.perf_counter() - begun, 1, recorded.report.counts, recorded.batch.redacted
            )
        return recorded
