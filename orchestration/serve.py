"""The ingestion service in this process."""

import uvicorn

from ingestion.api.app import create_app
from ingestion.api.settings import IngestionSettings
from orchestration.database import open_warehouse
from orchestration.settings import Settings, variable_name
from orchestration.supervisor import require_free, stop_on_signals

_DRAIN_SECONDS = 5


def serve_ingestion(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are answered first.

    Raises SupervisorError where the port is taken, StoreError where the database does not come up
    or is behind.
    """
    require_free({variable_name("ingestion_port"): (settings.host, settings.ingestion_port)})
    # uvicorn raises the signal that ended it once more: caught here, so that the database this
    # process may have started is stopped as well.
    with stop_on_signals(), open_warehouse(settings) as url:
        app = create_app(IngestionSettings(database_url=url, write_keys=settings.clear_write_keys))
        uvicorn.run(
            app,
            host=settings.host,
            port=settings.ingestion_port,
            log_level=settings.log_level,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
            server_header=False,
        )
