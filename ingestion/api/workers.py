"""Several processes on one socket, watched: who dies is replaced, and who is stopped drains.

uvicorn's `Multiprocess` does the watching. Added here: workers that die with their watcher, an end
to the wait for one that hangs, and a failed start that is told instead of an exit code of 0.
"""

import gc
import os
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from socket import socket

from prometheus_client.multiprocess import mark_process_dead
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from ingestion.api.configuration import build_config
from ingestion.api.logs import log_libraries_alike
from ingestion.api.settings import IngestionSettings
from ingestion.lifeline import end_with_parent

_DRAIN_MARGIN_SECONDS = 2.0
"""Past the time requests are given: for the pool and the queue to close."""


class WorkersFailedError(Exception):
    """The workers cannot start. Their log says why."""


@dataclass(frozen=True, slots=True)
class WorkerApp:
    """Makes the application in the worker; only this goes there, by a pipe nobody else reads."""

    settings: IngestionSettings
    watcher: int

    def __call__(self) -> ASGIApp:
        """Prepare the process, then build."""
        log_libraries_alike(self.settings.log_level)
        end_with_parent()
        if os.getppid() != self.watcher:
            sys.exit(0)  # it died before it was held on to
        # By name, so that the watcher does not load what only workers use.
        app: ASGIApp = import_module("ingestion.api.app").create_app(self.settings)
        gc.collect()
        gc.freeze()  # what was loaded stays: no collection needs to look through it again
        return app


class Workers(Multiprocess):
    """The watcher of one service."""

    def __init__(self, settings: IngestionSettings, host: str, port: int) -> None:
        config = build_config(settings, WorkerApp(settings, os.getpid()), host=host, port=port)
        listener: socket = config.bind_socket()
        super().__init__(config, [listener])
        self._settings = settings

    def keep_subprocess_alive(self) -> None:
        """Replace the dead, and take what they had in their queues off the gauges."""
        before = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        for pid in before - {process.pid for process in self.processes}:
            if pid is not None and self._settings.metrics_folder is not None:
                folder = str(self._settings.metrics_folder)
                mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]

    def terminate_all(self) -> None:
        """Ask the workers to drain, and let go of the socket.

        While anybody holds it the kernel takes connections that nobody will ever answer.
        """
        super().terminate_all()
        for listener in self.sockets:
            listener.close()

    def join_all(self) -> None:
        """Wait for the workers to drain, and end those that do not."""
        deadline = time.monotonic() + self._settings.drain_seconds + _DRAIN_MARGIN_SECONDS
        for process in self.processes:
            process.process.join(max(0.0, deadline - time.monotonic()))
        for process in self.processes:
            if process.process.is_alive():
                process.process.kill()
                process.process.join()


def run_workers(settings: IngestionSettings, *, host: str, port: int) -> None:
    """Serve by `settings.workers` processes until SIGINT or SIGTERM. Raises WorkersFailedError."""
    workers = Workers(settings, host, port)
    workers.run()
    if any(process.exitcode == STARTUP_FAILURE for process in workers.processes):
        raise WorkersFailedError("the ingestion service does not start: its log says why")
