"""The mastery a learner is shown, from the live view, where there is one."""

from uuid import UUID

from psycopg import OperationalError
from psycopg.errors import InsufficientPrivilege, InvalidSchemaName, UndefinedTable
from psycopg_pool import AsyncConnectionPool, PoolTimeout

_READ = "select mastery_score from live.topic_mastery where user_id = %s and topic_id = %s"
# The views come with the first load; and a topic is explored whether they answer in time or not.
_UNAVAILABLE = (
    UndefinedTable,
    InvalidSchemaName,
    InsufficientPrivilege,
    OperationalError,
    PoolTimeout,
)


class MasteryReader:
    """Reads over a pool of connections that may read the views and not the log."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def read(self, user_id: UUID, topic_id: str) -> float | None:
        """The score now (0..1); None for a topic not studied, or while it cannot be read."""
        try:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(_READ, (user_id, topic_id))
                row = await cursor.fetchone()
        except _UNAVAILABLE:
            return None
        return None if row is None else float(row[0])
