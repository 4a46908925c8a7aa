"""What stands around every route, and the state the routes share."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from psycopg_pool import AsyncConnectionPool
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from ingestion.api.addresses import ProxiedAddresses
from ingestion.api.auth import Gate
from ingestion.api.deadlines import BodyDeadlines
from ingestion.api.errors import (
    DATABASE_AWAY,
    RequestRefusedError,
    answer_database_away,
    answer_http_error,
    answer_invalid_parameter,
    answer_queue_full,
    answer_refusal,
)
from ingestion.api.keys import KeyRing, fetch_from
from ingestion.api.limiting import RateLimiter
from ingestion.api.logs import make_log
from ingestion.api.metrics import ServiceMetrics
from ingestion.api.observation import ObservedRequests
from ingestion.api.settings import IngestionSettings
from ingestion.landing.queue import QueueFullError

limit_clock = time.monotonic
_PREFLIGHT_SECONDS = 600
_SENT_HEADERS = (
    *("Authorization", "Content-Type", "Content-Encoding"),
    *("X-Request-Id", "X-User-Id", "Idempotency-Key"),
    # Of Segment's and RudderStack's SDKs: unread, but without leave browsers send nothing at all.
    *("X-Retry-Count", "AnonymousId", "SentAt", "Rsa-Recovered", "Rsa-Retry-Attempt"),
    *("Rsa-Retry-Reason", "Rsa-Since-First-Attempt", "Rsa-Since-Last-Attempt"),
)
_READ_HEADERS = ("Retry-After", "X-Request-Id")


def surround(app: FastAPI, settings: IngestionSettings) -> None:
    """Put handlers of errors and the middleware around an application's routes."""
    app.state.metrics = ServiceMetrics(settings.metrics_folder)
    app.state.log = make_log(settings.log_level)
    app.add_exception_handler(RequestRefusedError, answer_refusal)
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(RequestValidationError, answer_invalid_parameter)
    for database_away in DATABASE_AWAY:
        app.add_exception_handler(database_away, answer_database_away)
    app.add_exception_handler(QueueFullError, answer_queue_full)
    # The last added is the outermost.
    app.add_middleware(
        BodyDeadlines,
        total_seconds=settings.body_seconds,
        idle_seconds=settings.body_idle_seconds,
    )
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "POST"),
            allow_headers=_SENT_HEADERS,
            expose_headers=_READ_HEADERS,
            max_age=_PREFLIGHT_SECONDS,
        )
    if settings.trusted_proxies:
        app.add_middleware(
            ProxiedAddresses, trusted=settings.trusted_proxies, header=settings.proxy_header
        )
    app.add_middleware(ObservedRequests, metrics=app.state.metrics, log=app.state.log)


@asynccontextmanager
async def gate_open(app: FastAPI, pool: AsyncConnectionPool) -> AsyncIterator[None]:
    """Hold `app.state.gate`, its keys kept fresh by the pool, for the length of the block."""
    settings: IngestionSettings = app.state.settings
    keys = KeyRing(
        settings.write_keys,
        fetch_from(pool),
        servers=settings.server_keys,
        log=app.state.log,
        refresh_seconds=settings.keys_refresh_seconds,
    )
    limiters = (RateLimiter[str](clock=limit_clock) for _ in range(3))
    app.state.gate = Gate(settings, keys, *limiters)
    keeper = asyncio.create_task(keys.keep_fresh())
    try:
        yield
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper
