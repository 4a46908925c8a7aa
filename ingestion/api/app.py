"""The ingestion service as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool

from ingestion.api.errors import (
    DATABASE_AWAY,
    RequestRefusedError,
    answer_database_away,
    answer_queue_full,
    answer_refusal,
)
from ingestion.api.openapi import describe_bodies
from ingestion.api.routers import events, health
from ingestion.api.settings import IngestionSettings
from ingestion.landing.queue import LandingQueue, QueueFullError
from ingestion.store.database import Role, role_url


def create_app(settings: IngestionSettings) -> FastAPI:
    """Build the service. Nothing is connected before the application starts.

    It starts without a database, too: it then answers `/readyz` and every batch with 503 and
    recovers by itself, so that the order in which things are started does not matter.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = AsyncConnectionPool(
            role_url(settings.database_url, Role.INGEST, application_name="study-ingestion"),
            min_size=1,
            max_size=settings.landing.writers,
            timeout=settings.pool_timeout_seconds,
            kwargs={"autocommit": True},
            open=False,
        )
        await pool.open(wait=False)
        try:
            async with LandingQueue(pool, limits=settings.landing) as app.state.landing:
                yield
        finally:
            await pool.close()

    app = FastAPI(
        title="study-analytics ingestion",
        summary="Study events in: committed first, then acknowledged, each with its own verdict.",
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.add_exception_handler(RequestRefusedError, answer_refusal)
    for database_away in DATABASE_AWAY:
        app.add_exception_handler(database_away, answer_database_away)
    app.add_exception_handler(QueueFullError, answer_queue_full)
    app.include_router(events.router)
    app.include_router(health.router)
    describe_bodies(app)
    return app
