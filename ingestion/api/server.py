"""The service within a process of somebody else's."""

import uvicorn

from ingestion.api.app import create_app
from ingestion.api.configuration import build_config
from ingestion.api.settings import IngestionSettings


def build_server(settings: IngestionSettings, *, host: str, port: int) -> uvicorn.Server:
    """A server ready to run. On SIGTERM or SIGINT it answers the requests under way and ends."""
    return uvicorn.Server(
        build_config(settings, lambda: create_app(settings), host=host, port=port)
    )
