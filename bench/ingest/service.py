"""The service as it ships: `study serve` in a process of its own, with its default settings."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from orchestration.settings import child_environment
from orchestration.supervisor import last_line

READY_SECONDS = 60.0
STOP_SECONDS = 60.0
_POLL_SECONDS = 0.02
_PROBE_SECONDS = 5.0


class ServiceProcess:
    """`study serve` on a port of loopback, over a database given by URL.

    It may be killed and started again; what it says goes to `log`, one start after the other.
    """

    def __init__(self, database_url: str, *, port: int, home: Path) -> None:
        self.port = port
        self.log = home / "ingestion.log"
        self._environment = child_environment(
            STUDY_DATABASE_URL=database_url,
            STUDY_HOME=str(home),
            STUDY_INGESTION_PORT=str(port),
            STUDY_WRITE_KEYS="",
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that was started. Raises RuntimeError where none was."""
        if self._process is None:
            raise RuntimeError("the service was not started")
        return self._process.pid

    def start(self) -> None:
        """Start it; `await_ready` tells when it takes events."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as sink:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "orchestration.cli", "serve"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def await_ready(self) -> None:
        """Wait until it can store events. Raises RuntimeError where it ends or takes too long."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"the service ended: {last_line(self.log)}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"the service is not ready: {last_line(self.log)}")
            time.sleep(_POLL_SECONDS)

    def family(self) -> list[psutil.Process]:
        """The process and all it started, the first first; none where it is gone."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            return [process, *process.children(recursive=True)]
        return []

    def kill(self) -> None:
        """Kill it and all its processes, without any warning, and wait until they are gone."""
        family = self.family()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=STOP_SECONDS)
        if self._process is not None:
            self._process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """Ask it to end and wait; returns its exit code. What stays is killed."""
        if self._process is None:
            raise RuntimeError("the service was not started")
        family = self.family()
        try:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGTERM)
            return self._process.wait(STOP_SECONDS)
        finally:
            for process in family:
                with suppress(psutil.NoSuchProcess):
                    process.kill()

    def _answers(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.port}/readyz"
            return httpx.get(url, timeout=_PROBE_SECONDS).is_success
        except httpx.TransportError:
            return False


@contextmanager
def serving(database_url: str, *, port: int, home: Path) -> Iterator[ServiceProcess]:
    """Run the service for the length of the block, which begins when it can store events."""
    service = ServiceProcess(database_url, port=port, home=home)
    service.start()
    try:
        service.await_ready()
        yield service
    finally:
        service.stop()
