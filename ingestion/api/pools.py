"""Connections to the database, as one role each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection, sql
from psycopg_pool import AsyncConnectionPool

from ingestion.api.settings import IngestionSettings
from ingestion.store.database import Role, role_url

# A table locked by somebody's work on it: senders are told to come back, and do not wait unheard
# until they give up. So much longer than a drain, whose own word goes to those it cuts off.
_LOCK_MARGIN_SECONDS = 5


@asynccontextmanager
async def pool_open(
    settings: IngestionSettings, role: Role, most: int, *, is_checked: bool = False
) -> AsyncIterator[AsyncConnectionPool]:
    """Hold a pool of up to so many connections in autocommit; does not wait for the database.

    `is_checked`: a connection is tried before it is given, for users that do not try again.
    """

    async def bound_waits(connection: AsyncConnection) -> None:
        seconds = settings.drain_seconds + _LOCK_MARGIN_SECONDS
        await connection.execute(sql.SQL("set lock_timeout = {}").format(f"{seconds}s"))
        if role is Role.BI:
            longest = sql.Literal(f"{settings.read_seconds}s")
            await connection.execute(sql.SQL("set statement_timeout = {}").format(longest))

    pool = AsyncConnectionPool(
        role_url(settings.database_url, role, application_name="study-ingestion"),
        min_size=1,
        max_size=most,
        timeout=settings.pool_timeout_seconds,
        kwargs={"autocommit": True},
        configure=bound_waits,
        check=AsyncConnectionPool.check_connection if is_checked else None,
        open=False,
    )
    await pool.open(wait=False)
    try:
        yield pool
    finally:
        await pool.close()
