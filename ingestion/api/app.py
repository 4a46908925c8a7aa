"""The ingestion service as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from ingestion.activity.mastery import MasteryReader
from ingestion.activity.recording import Recorder
from ingestion.api.activity_document import more_schemas
from ingestion.api.openapi import describe
from ingestion.api.pools import pool_open
from ingestion.api.routers import activity, content, events, health, metrics, segment, users
from ingestion.api.settings import IngestionSettings
from ingestion.api.stack import gate_open, surround
from ingestion.gamification.rules import load_rules
from ingestion.landing.queue import LandingQueue
from ingestion.landing.suppression import Suppression
from ingestion.segment.rules import load_segment_rules
from ingestion.segment.translation import segment_dialect
from ingestion.store.database import Role

_CONNECTIONS_BESIDE = 1  # for the keys and for /readyz, which must not wait for a writer


def create_app(settings: IngestionSettings) -> FastAPI:
    """Build the service. Nothing is connected before the application starts.

    It starts without a database, too: it then answers `/readyz` and every batch with 503 and
    recovers by itself, so that the order in which things are started does not matter. Raises
    `RulesError` where the rules of gamification cannot be read.
    """
    rules = load_rules(settings.gamification)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            pool_open(
                settings, Role.INGEST, settings.landing.writers + _CONNECTIONS_BESIDE
            ) as pool,
            pool_open(
                settings, Role.INGEST, settings.activity_connections, is_checked=True
            ) as app.state.activity_pool,
            pool_open(
                settings, Role.BI, settings.reader_connections, is_checked=True
            ) as app.state.reader_pool,
            gate_open(app, pool),
            LandingQueue(
                pool,
                limits=settings.landing,
                observer=app.state.metrics,
                suppression=Suppression(settings.pseudonyms),
            ) as app.state.landing,
        ):
            app.state.recorder = Recorder(
                app.state.activity_pool,
                rules,
                MasteryReader(app.state.reader_pool),
                observer=app.state.metrics,
                most_waiting=settings.max_activity_requests,
                suppression=Suppression(settings.pseudonyms),
            )
            yield

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
    app.include_router(activity.router)
    app.include_router(content.router)
    app.include_router(users.router)
    app.include_router(health.router)
    app.include_router(metrics.router)
    describe(app, more_schemas)
    return app
