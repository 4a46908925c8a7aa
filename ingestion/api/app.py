"""The ingestion service as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from psycopg import AsyncConnection, sql
from psycopg_pool import AsyncConnectionPool

from ingestion.api.openapi import describe
from ingestion.api.routers import events, health, metrics, segment
from ingestion.api.settings import IngestionSettings
from ingestion.api.stack import gate_open, surround
from ingestion.landing.queue import LandingQueue
from ingestion.segment.rules import load_segment_rules
from ingestion.segment.translation import segment_dialect
from ingestion.store.database import Role, role_url

# A table locked by somebody's work on it: senders are told to come back, and do not wait unheard
# until they give up. So much longer than a drain, whose own word goes to those it cuts off.
_LOCK_MARGIN_SECONDS = 5
_CONNECTIONS_BESIDE = 1  # for the keys and for /readyz, which must not wait for a writer


def create_app(settings: IngestionSettings) -> FastAPI:
    """Build the service. Nothing is connected before the application starts.

    It starts without a database, too: it then answers `/readyz` and every batch with 503 and
    recovers by itself, so that the order in which things are started does not matter.
    """

    async def bound_waits(connection: AsyncConnection) -> None:
        seconds = settings.drain_seconds + _LOCK_MARGIN_SECONDS
        await connection.execute(sql.SQL("set lock_timeout = {}").format(f"{seconds}s"))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = AsyncConnectionPool(
            role_url(settings.database_url, Role.INGEST, application_name="study-ingestion"),
            min_size=1,
            max_size=settings.landing.writers + _CONNECTIONS_BESIDE,
            timeout=settings.pool_timeout_seconds,
            kwargs={"autocommit": True},
            configure=bound_waits,
            open=False,
        )
        await pool.open(wait=False)
        try:
            async with (
                gate_open(app, pool),
                LandingQueue(
                    pool, limits=settings.landing, observer=app.state.metrics
                ) as app.state.landing,
            ):
                yield
        finally:
            await pool.close()

    app = FastAPI(
        title="study-analytics ingestion",
        summary="Study events in: committed first, then acknowledged, each with its own verdict.",
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.segment = segment_dialect(load_segment_rules(settings.segment_rules))
    surround(app, settings)
    app.include_router(events.router)
    app.include_router(segment.router)
    app.include_router(segment.configuration)
    app.include_router(health.router)
    app.include_router(metrics.router)
    describe(app)
    return app
