"""The ingestion service: workers on one socket, watched by this process."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingestion.api.logs import log_libraries_alike
from ingestion.api.settings import IngestionSettings
from ingestion.api.workers import WorkersFailedError, run_workers
from ingestion.gamification.rules import RulesError, load_rules
from ingestion.segment.rules import load_segment_rules
from orchestration.database import open_warehouse
from orchestration.pseudonyms import open_pseudonyms
from orchestration.settings import Settings, exported, variable_name
from orchestration.supervisor import SupervisorError, require_free, stop_on_signals


def serve_ingestion(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are answered first.

    Raises SupervisorError where the port is taken, the rules of gamification cannot be read or the
    workers do not start; StoreError where the database does not come up or is behind;
    SegmentRulesError for a file of Segment's names that cannot be used.
    """
    # Here, where an error is told in one line: each worker reads them again, and would only end.
    load_segment_rules(settings.segment_events)
    try:
        load_rules(settings.gamification)
    except RulesError as error:
        raise SupervisorError(str(error)) from error
    require_free({variable_name("ingestion_port"): (settings.host, settings.ingestion_port)})
    # The signals end the workers' watch; caught here besides, so that the database this process
    # may have started is stopped as well.
    with (
        stop_on_signals() as stop,
        open_warehouse(settings) as url,
        counting_folder(settings) as folder,
    ):
        if stop.is_set():
            return
        log_libraries_alike(settings.log_level)
        service = ingestion_settings(settings, url, metrics_folder=folder)
        try:
            run_workers(service, host=settings.host, port=settings.ingestion_port)
        except WorkersFailedError as error:
            raise SupervisorError(str(error)) from error


def ingestion_settings(
    settings: Settings, url: str, *, metrics_folder: Path | None = None
) -> IngestionSettings:
    """What the service is told of the settings in force."""
    return IngestionSettings(
        database_url=url,
        write_keys=settings.clear_write_keys,
        server_keys=settings.clear_server_keys,
        gamification=settings.gamification,
        workers=settings.workers,
        requests_per_second=settings.requests_per_second,
        events_per_second=settings.events_per_second,
        max_connections=settings.max_connections,
        segment_rules=settings.segment_events,
        cors_origins=settings.cors_origins,
        trusted_proxies=settings.trusted_proxies,
        proxy_header=settings.proxy_header,
        metrics_folder=metrics_folder,
        log_level=settings.log_level,
        pseudonyms=open_pseudonyms(settings, url),
    )


@contextmanager
def counting_folder(settings: Settings) -> Iterator[Path]:
    """The folder workers keep their counts in, empty at first, told to them by the environment.

    One for each port: two services may share a home.
    """
    folder = settings.home / "metrics" / str(settings.ingestion_port)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with exported({"PROMETHEUS_MULTIPROC_DIR": str(folder)}):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
