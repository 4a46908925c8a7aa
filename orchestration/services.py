"""The services of `study up`, each as the supervisor runs it."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from ingestion.store.database import describe
from ingestion.store.migrations import migrate
from orchestration.dagster_processes import LOOPBACK, list_command
from orchestration.database import open_unmigrated
from orchestration.instance import prepare_dagster
from orchestration.process import Process
from orchestration.settings import Settings, child_environment, variable_name
from orchestration.supervisor import Service, is_free, require_free, running, stop_on_signals, watch

_PROBE_SECONDS = 2.0
_DAEMONS = "{ instance { daemonHealth { allDaemonStatuses { required healthy } } } }"
_LOCATIONS = """{ workspaceOrError { ... on Workspace {
    locationEntries { loadStatus locationOrLoadError { __typename } }
} } }"""


def run_everything(settings: Settings, *, announce: Callable[[str], None]) -> None:
    """Run database, ingestion, UI and daemon until SIGINT or SIGTERM, then stop them all.

    Raises SupervisorError where a port is taken or a service does not come up or ends, StoreError
    where the database does not come up.
    """
    require_free(
        {
            variable_name("ingestion_port"): (settings.host, settings.ingestion_port),
            variable_name("dagster_port"): (LOOPBACK, settings.dagster_port),
            variable_name("code_server_port"): (LOOPBACK, settings.code_server_port),
        }
    )
    with stop_on_signals() as stop, open_unmigrated(settings) as url:
        migrate(url)
        code_server, *others = dagster_services(settings, url)
        # First: a UI that finds no code server looks for it again after ten seconds only.
        first = [code_server, ingestion_service(settings, url)]
        with (
            running(first, logs=settings.logs, stop=stop) as early,
            running(others, logs=settings.logs, stop=stop) as late,
        ):
            if not stop.is_set():
                announce(f"ingestion   {ingestion_url(settings)}")
                announce(f"Dagster     {dagster_url(settings)}")
                announce(f"PostgreSQL  {describe(url)}")
                announce(f"logs        {settings.logs}")
                announce("Ctrl-C stops everything.")
            watch([*early, *late], stop)
        announce("Stopped.")


def ingestion_service(settings: Settings, url: str) -> Service:
    """The ingestion service over a database that is open."""
    ready = f"{ingestion_url(settings)}/readyz"
    return Service(
        name="ingestion",
        command=[sys.executable, "-m", "orchestration.cli", "serve"],
        environment=_environment(settings, url),
        is_healthy=lambda: _answers(ready),
    )


def dagster_services(settings: Settings, url: str) -> list[Service]:
    """Dagster's code server, its UI, and the daemon that runs schedules and the queue.

    The first alone imports the project and holds it for the other two, which find it as soon as it
    is there.
    """
    environment = _environment(settings, url) | prepare_dagster(settings, url)
    ui = dagster_url(settings)
    healthy: Mapping[Process, Callable[[], bool]] = {
        Process.CODE_SERVER: lambda: not is_free(LOOPBACK, settings.code_server_port),
        Process.WEBSERVER: lambda: _definitions_are_loaded(ui),
        Process.DAEMON: lambda: _daemons_are_healthy(ui),
    }
    return [
        Service(
            name=f"dagster-{process}",
            command=list_command(process, settings),
            environment=environment,
            is_healthy=is_healthy,
        )
        for process, is_healthy in healthy.items()
    ]


def ingestion_url(settings: Settings) -> str:
    """Where the ingestion service is reached from this machine."""
    unspecified = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 (compared with, not bound to)
    host = unspecified.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.ingestion_port}"


def dagster_url(settings: Settings) -> str:
    """Where the Dagster UI is."""
    return f"http://{LOOPBACK}:{settings.dagster_port}"


def _environment(settings: Settings, url: str) -> dict[str, str]:
    # By the environment alone: an argument would show the password to every user of the machine.
    values = {
        "database_url": url,
        "home": str(settings.home),
        "host": settings.host,
        "ingestion_port": str(settings.ingestion_port),
        "dagster_port": str(settings.dagster_port),
        "code_server_port": str(settings.code_server_port),
        "log_level": settings.log_level,
        "write_keys": ",".join(settings.clear_write_keys),
        "server_keys": ",".join(settings.clear_server_keys),
    }
    return child_environment(**{variable_name(field): value for field, value in values.items()})


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=_PROBE_SECONDS).is_success
    except httpx.TransportError:
        return False


def _definitions_are_loaded(ui: str) -> bool:
    # The UI answers long before, and shows an empty workspace until then.
    found = _ask(ui, _LOCATIONS)
    entries = found["workspaceOrError"].get("locationEntries", []) if found else []
    return bool(entries) and all(
        (entry["locationOrLoadError"] or {}).get("__typename") == "RepositoryLocation"
        for entry in entries
    )


def _daemons_are_healthy(ui: str) -> bool:
    found = _ask(ui, _DAEMONS)
    statuses = found["instance"]["daemonHealth"]["allDaemonStatuses"] if found else []
    return bool(statuses) and all(status["healthy"] for status in statuses if status["required"])


def _ask(ui: str, query: str) -> dict[str, Any] | None:
    try:
        answer = httpx.post(f"{ui}/graphql", json={"query": query}, timeout=_PROBE_SECONDS)
    except httpx.TransportError:
        return None
    data: dict[str, Any] | None = answer.json()["data"] if answer.is_success else None
    return data
