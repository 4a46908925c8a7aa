"""How the service is served: one configuration for production and for tests."""

import uvicorn

from ingestion.api.app import create_app
from ingestion.api.settings import IngestionSettings

_DRAIN_SECONDS = 5


def build_server(
    settings: IngestionSettings, *, host: str, port: int, log_level: str = "warning"
) -> uvicorn.Server:
    """A server ready to run. On SIGTERM or SIGINT it answers the requests under way and ends.

    Forwarded headers are ignored: uvicorn would by default believe any process on this machine
    about who the sender is, and the sender's address decides who may write without a key.
    """
    return uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            host=host,
            port=port,
            log_level=log_level,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
        )
    )
