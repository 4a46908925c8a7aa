"""The ingestion service in this process."""

from ingestion.api.server import build_server
from ingestion.api.settings import IngestionSettings
from orchestration.database import open_warehouse
from orchestration.settings import Settings, variable_name
from orchestration.supervisor import require_free, stop_on_signals


def serve_ingestion(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are answered first.

    Raises SupervisorError where the port is taken, StoreError where the database does not come up
    or is behind.
    """
    require_free({variable_name("ingestion_port"): (settings.host, settings.ingestion_port)})
    # uvicorn raises the signal that ended it once more: caught here, so that the database this
    # process may have started is stopped as well.
    with stop_on_signals() as stop, open_warehouse(settings) as url:
        server = build_server(
            IngestionSettings(database_url=url, write_keys=settings.clear_write_keys),
            host=settings.host,
            port=settings.ingestion_port,
            log_level=settings.log_level,
        )
        if not stop.is_set():
            server.run()
