"""Dagster's three processes: how each is started, here and under a service manager."""

import os
import sys
from pathlib import Path

from ingestion.store.revisions import pending
from orchestration.database import open_unmigrated
from orchestration.instance import prepare_dagster, write_home
from orchestration.process import Process
from orchestration.records import make_records, records_url
from orchestration.settings import RECORDS, Settings, child_environment, variable_name
from orchestration.supervisor import SupervisorError

LOOPBACK = "127.0.0.1"
ROOT = Path(__file__).parents[1]
MODULE = "orchestration.definitions"
LOCATION = "study_analytics"
"""What the code location is called, in `workspace.yaml` as well."""

_WORKSPACE = """\
# Written by study at every start: changes made here are lost.
load_from:
  - grpc_server:
      host: {host}
      port: {port}
      location_name: {location}
"""


def list_command(process: Process, settings: Settings) -> list[str]:
    """The command line of a process. The webserver and the daemon find the code server by it."""
    match process:
        case Process.CODE_SERVER:
            listen = ["-h", LOOPBACK, "-p", str(settings.code_server_port)]
            code = ["-m", MODULE, "--location-name", LOCATION, "--working-directory", str(ROOT)]
            return [_script("dagster"), "api", "grpc", *listen, *code]
        case Process.WEBSERVER:
            listen = ["-h", LOOPBACK, "-p", str(settings.dagster_port)]
            workspace = ["-w", str(_write_workspace(settings))]
            return [_script("dagster-webserver"), *workspace, *listen]
        case Process.DAEMON:
            return [_script("dagster-daemon"), "run", "-w", str(_write_workspace(settings))]


def become(process: Process, settings: Settings) -> None:
    """Prepare what a process needs and replace this one by it: for a service manager.

    Raises SupervisorError where the settings name no database, StoreError where it cannot be
    reached or is behind.
    """
    environment = child_environment(**_prepare(process, settings))
    command = list_command(process, settings)
    os.execve(command[0], command, environment)  # noqa: S606 (a command of ours, no shell's)


def _prepare(process: Process, settings: Settings) -> dict[str, str]:
    if settings.given_url is not None:
        with open_unmigrated(settings) as url:
            if behind := pending(url):
                raise SupervisorError(
                    f"the database is {len(behind)} migrations behind: run `study migrate`"
                )
            return prepare_dagster(settings, url)
    given = settings.given_records_url
    if given is None or process is Process.CODE_SERVER:
        raise SupervisorError(
            f"{process} needs a server's database: set {variable_name('database_url')}; with the"
            " embedded one use `study up`"
        )
    records = records_url(given)
    make_records(records)
    return {"DAGSTER_HOME": str(write_home(settings.dagster_home)), RECORDS: records}


def _write_workspace(settings: Settings) -> Path:
    place = write_home(settings.dagster_home) / f"workspace-{settings.code_server_port}.yaml"
    place.write_text(
        _WORKSPACE.format(host=LOOPBACK, port=settings.code_server_port, location=LOCATION)
    )
    return place


def _script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))
