"""How the service is served: one configuration for production and for tests."""

from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp
from uvicorn import Config

from ingestion.api.protocol import BoundedProtocol, Bounds
from ingestion.api.settings import IngestionSettings


class BoundedConfig(Config):
    """uvicorn's configuration, and the bounds its connections are held to."""

    def __init__(self, app: Any, *, bounds: Bounds, **options: Any) -> None:
        super().__init__(app, http=BoundedProtocol, **options)
        self.bounds = bounds


def build_config(
    settings: IngestionSettings, make_app: Callable[[], ASGIApp], *, host: str, port: int
) -> BoundedConfig:
    """The configuration of one worker.

    uvicorn's own view of proxies is off: it would believe any process on this machine about who
    the sender is, and the sender's address decides who may write without a key.
    """
    return BoundedConfig(
        make_app,
        factory=True,
        host=host,
        port=port,
        bounds=Bounds(
            connections=max(1, settings.max_connections // settings.workers),
            head_bytes=settings.max_head_bytes,
            head_seconds=settings.head_seconds,
            send_seconds=settings.send_seconds,
        ),
        workers=settings.workers,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.drain_seconds,
    )
