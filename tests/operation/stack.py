"""Dagster's processes as a service manager runs them, each of which may be killed and started."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from orchestration.launcher import WORKER_TAG
from orchestration.process import Process
from orchestration.settings import child_environment
from orchestration.supervisor import find_free_port

WITHIN_SECONDS = 900.0

_LAUNCH = """
mutation($job: String!, $config: RunConfigData!) { launchRun(executionParams: {
  selector: {repositoryName: "__repository__", repositoryLocationName: "study_analytics",
             jobName: $job},
  runConfigData: $config
}) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""
_RUNS = "{ runsOrError { ... on Runs { results { runId jobName status tags { key value } } } } }"
_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
  locationOrLoadError { __typename } } } } }"""


class Stack:
    """The three processes over one database (its owner's URL), on ports of their own."""

    def __init__(self, url: str, logs: Path) -> None:
        self.url, self.logs = url, logs
        self.ports = {name: find_free_port() for name in ("DAGSTER", "CODE_SERVER")}
        self.processes: dict[Process, subprocess.Popen[bytes]] = {}
        self.said = ""

    @property
    def ui(self) -> str:
        """Where the UI is."""
        return f"http://127.0.0.1:{self.ports['DAGSTER']}"

    def start(self, process: Process) -> None:
        """Start a process as its unit does."""
        self.logs.mkdir(parents=True, exist_ok=True)
        ports = {f"STUDY_{name}_PORT": str(port) for name, port in self.ports.items()}
        with (self.logs / f"{process}.log").open("ab") as log:
            self.processes[process] = subprocess.Popen(
                [sys.executable, "-m", "orchestration.cli", "dagster", process],
                env=child_environment(STUDY_DATABASE_URL=self.url, **ports),
                stdout=log,
                stderr=log,
            )

    def start_all(self) -> None:
        """Start all three, and wait until the UI shows the jobs."""
        for process in Process:
            self.start(process)
        wait_until(self.is_loaded, "the UI shows no jobs")

    def kill(self, process: Process) -> None:
        """Kill a process as the kernel would."""
        self.processes[process].kill()
        self.processes[process].wait()

    def stop(self) -> None:
        """End all of them, and the runs they have started."""
        family = [
            each
            for process in self.processes.values()
            if process.poll() is None
            for each in psutil.Process(process.pid).children(recursive=True)
        ]
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            # A code server with a run at work waits for its end.
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()

    def is_loaded(self) -> bool:
        """Whether the UI has got the definitions from the code server."""
        found = self.query(_LOCATIONS)
        entries = found["workspaceOrError"]["locationEntries"] if found else []
        return bool(entries) and all(
            (each["locationOrLoadError"] or {}).get("__typename") == "RepositoryLocation"
            for each in entries
        )

    def query(self, query: str, **variables: object) -> dict[str, Any] | None:
        """Ask the UI; None where it does not answer."""
        try:
            body = {"query": query, "variables": variables}
            answer = httpx.post(f"{self.ui}/graphql", json=body, timeout=60)
        except httpx.TransportError as error:
            self.said = repr(error)
            return None
        self.said = answer.text
        data: dict[str, Any] | None = answer.json().get("data") if answer.is_success else None
        return data

    def launch(self, job: str, config: Mapping[str, object] | None = None) -> str:
        """Launch a run as the launchpad does; return its id."""
        found = self.query(_LAUNCH, job=job, config=dict(config or {}))
        assert found is not None, self.said
        assert found["launchRun"]["__typename"] == "LaunchRunSuccess", found
        return str(found["launchRun"]["run"]["runId"])

    def runs(self) -> list[dict[str, Any]]:
        """The runs there are, the newest first."""
        found = self.query(_RUNS)
        return list(found["runsOrError"]["results"]) if found else []

    def status(self, run_id: str) -> str:
        """The status of a run; empty while the UI does not tell."""
        return next((run["status"] for run in self.runs() if run["runId"] == run_id), "")

    def retry_of(self, run_id: str) -> str | None:
        """The run that Dagster started in place of one that was killed."""
        for run in self.runs():
            tags = {tag["key"]: tag["value"] for tag in run["tags"]}
            if tags.get("dagster/parent_run_id") == run_id:
                return str(run["runId"])
        return None

    def worker(self, run_id: str) -> psutil.Process:
        """The process that executes a run, by what it wrote on it."""
        rows = self.ask(
            "select value from dagster.run_tags where run_id = %s and key = %s",
            (run_id, WORKER_TAG),
        )
        return psutil.Process(int(rows[0][0].split()[1]))

    def ask(self, query: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Ask the database as its owner."""
        with psycopg.connect(self.url, autocommit=True) as owner:
            return owner.execute(query.encode(), parameters).fetchall()

    def wait_for_the_middle(self, run_id: str, after: int) -> None:
        """Wait until a run has built some models of a load later than `after`."""
        half = "select count(*) from ops.model_states where load_id > %s"

        def is_half_way() -> bool:
            assert self.status(run_id) not in ("SUCCESS", "FAILURE"), "it ended before"
            return int(self.ask(half, (after,))[0][0]) >= 2

        wait_until(is_half_way, f"run {run_id} does not get to its middle")

    def wait_for(self, run_id: str, status: str) -> None:
        """Wait until a run has a status."""
        wait_until(lambda: self.status(run_id) == status, f"run {run_id} is never {status}")

    def last_load(self) -> int:
        """The number of the newest load."""
        return int(self.ask("select coalesce(max(load_id), 0) from ops.loads")[0][0])


def wait_until(holds: Callable[[], bool], complaint: str) -> None:
    """Ask again and again until something holds; fail with the complaint when it takes too long."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not holds():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.2)
