"""The launcher of runs, which can tell a run at work from one whose process was killed."""

import os
import socket

import psutil
from dagster import DagsterInstance
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin
from dagster._core.storage.dagster_run import DagsterRun
from dagster._serdes import ConfigurableClassData

WORKER_TAG = "study/worker"
"""On a run: host, process and its start in clock ticks, of who executes it."""


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's default launcher, and whether the process of a run still lives.

    The code server notices a killed run. But one that is killed together with it, or that a
    command executed, stays "started" for ever: as one load runs at a time, none after it would
    ever start.
    """

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(inst_data)
        self._code_server: str | None = None

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Dagster's monitoring asks `check_run_worker_health` of each started run."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """FAILED where the process is known to be gone; else RUNNING, until its time is over.

        RUNNING, too, while nobody could start it once more: Dagster tries that within seconds of
        the failure, and where it finds no code server never again.
        """
        found = self._instance.get_run_by_id(run.run_id)
        worker = found.tags.get(WORKER_TAG) if found else None
        if worker is None or is_at_work(worker):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        if not self._is_served(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING, "its code server is away")
        return CheckRunHealthResult(WorkerStatus.FAILED, f"its process was killed ({worker})")

    def _is_served(self, run: DagsterRun) -> bool:
        """Whether the run's code server answers and did so at an earlier look.

        One that has just come back is not yet known to the daemon. A run that a command executes
        has none, and is not started again.
        """
        origin = run.remote_job_origin
        place = origin.repository_origin.code_location_origin if origin else None
        if not isinstance(place, GrpcServerCodeLocationOrigin):
            return True
        seen = self._code_server
        try:
            self._code_server = place.create_client().get_server_id()
        except DagsterUserCodeUnreachableError:
            return False
        return self._code_server == seen


def note_worker(instance: DagsterInstance, run_id: str) -> None:
    """Write on a run that this process executes it."""
    own = psutil.Process(os.getpid())
    worker = f"{socket.gethostname()} {own.pid} {own.create_time():.2f}"
    instance.add_run_tags(run_id, {WORKER_TAG: worker})


def is_at_work(worker: str) -> bool:
    """Whether the process lives; that of another machine cannot be seen and counts as alive."""
    host, pid, started = worker.rsplit(maxsplit=2)
    if host != socket.gethostname():
        return True
    try:
        process = psutil.Process(int(pid))
        # The number may be another process's by now.
        return (
            f"{process.create_time():.2f}" == started and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return False
