"""Run services as children: start them, wait until they are well, and leave none behind.

`dagster dev` would start the same processes but ignores SIGTERM, the signal containers and
service managers stop things with.
"""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psutil

from ingestion.lifeline import end_with_parent

GRACE_SECONDS = 10.0
HEALTHY_WITHIN_SECONDS = 120.0
_POLL_SECONDS = 0.2


class SupervisorError(Exception):
    """A service cannot run. The message says what, why and what to do, in one line."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A program to keep running, and how to tell that it does its work."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    is_healthy: Callable[[], bool]


@dataclass(frozen=True)
class Child:
    """A service that was started."""

    service: Service
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise SupervisorError if it has ended by itself."""
        code = self.process.poll()
        if code is not None:
            raise SupervisorError(
                f"{self.service.name} ended with code {code}: {last_line(self.log)}. See {self.log}"
            )


@contextmanager
def running(
    services: Sequence[Service], *, logs: Path, stop: threading.Event
) -> Iterator[list[Child]]:
    """Run services for the length of the block; it is entered once all of them are healthy.

    It is entered as well when `stop` is set meanwhile. All are stopped at its end, whatever
    happened. Raises SupervisorError when one ends or does not get healthy in time.
    """
    logs.mkdir(parents=True, exist_ok=True)
    children: list[Child] = []
    try:
        for service in services:
            children.append(_start(service, logs))
        _await_health(children, stop)
        yield children
    finally:
        stop_all(children)


def watch(children: Sequence[Child], stop: threading.Event) -> None:
    """Wait for `stop`. Raises SupervisorError as soon as a child has ended by itself."""
    while not stop.wait(_POLL_SECONDS):
        for child in children:
            child.check()


def stop_all(children: Sequence[Child], *, grace_seconds: float = GRACE_SECONDS) -> None:
    """End children and all their descendants: SIGTERM, and SIGKILL for what stays."""
    # Listed before: once a parent is gone nothing tells whose its children were.
    family = {process for child in children for process in _family(child.process.pid)}
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    for process in _await_end(family, children, seconds=grace_seconds):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _await_end(family, children, seconds=grace_seconds)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, instead of ending this process where it stands."""
    stop = threading.Event()

    def ask(_: int, __: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def require_free(ports: Mapping[str, tuple[str, int]]) -> None:
    """Raise SupervisorError for the first of these (variable: (host, port)) that is taken."""
    for variable, (host, port) in ports.items():
        if not is_free(host, port):
            raise SupervisorError(
                f"port {port} on {host} is taken: another program listens there."
                f" Stop it, or set {variable} to a free port"
            )


def is_free(host: str, port: int) -> bool:
    """Whether one could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def find_free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def last_line(log: Path) -> str:
    """The last line written to a log, for a message; long lines are cut."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else "it wrote nothing"


def _start(service: Service, logs: Path) -> Child:
    log = logs / f"{service.name}.log"
    with log.open("ab") as sink:
        process = subprocess.Popen(
            service.command,
            env=dict(service.environment),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            # A terminal sends Ctrl-C to the whole foreground group; the children are to be
            # stopped in order, by their parent.
            start_new_session=True,
            # A supervisor that is killed can stop nothing.
            preexec_fn=end_with_parent,  # noqa: PLW1509 (this process has one thread)
        )
    return Child(service, process, log)


def _await_health(children: Sequence[Child], stop: threading.Event) -> None:
    deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
    waiting = list(children)
    while waiting and not stop.is_set():
        for child in children:
            child.check()
        waiting = [child for child in waiting if not child.service.is_healthy()]
        if waiting and time.monotonic() > deadline:
            child = waiting[0]
            raise SupervisorError(
                f"{child.service.name} is not healthy after {HEALTHY_WITHIN_SECONDS:.0f} s:"
                f" {last_line(child.log)}. See {child.log}"
            )
        stop.wait(_POLL_SECONDS if waiting else 0)


def _family(pid: int) -> set[psutil.Process]:
    # Each service leads a session of its own: by that those are found whose parent has died.
    family = set()
    for member in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, ProcessLookupError, PermissionError):
            if os.getsid(member.pid) == pid:
                family |= {member, *member.children(recursive=True)}
    return family


def _await_end(
    family: Collection[psutil.Process], children: Sequence[Child], *, seconds: float
) -> list[psutil.Process]:
    """Wait until none of the family runs, or the time is over; return those that still do."""
    deadline = time.monotonic() + seconds
    while True:
        for child in children:
            child.process.poll()  # collects the dead
        alive = [process for process in family if _is_alive(process)]
        if not alive or time.monotonic() > deadline:
            return alive
        time.sleep(0.05)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
