"""Supervision of real processes: small programs that behave and misbehave."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from orchestration.supervisor import (
    Child,
    Service,
    SupervisorError,
    find_free_port,
    require_free,
    running,
    stop_all,
    stop_on_signals,
    watch,
)

FOR_EVER = "import signal; signal.pause()"
STUBBORN = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGTERM, signal.SIG_IGN)
Path(sys.argv[1]).touch()
while True:
    signal.pause()
"""
WITH_CHILD = """
import signal, subprocess, sys
from pathlib import Path
child = subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[1]])
signal.pause()
"""


@pytest.fixture(autouse=True)
def default_sigterm() -> Iterator[None]:
    """Services inherit what this process ignores. Dagster, in an earlier test, makes SIGTERM what
    SIGINT is: ignored, where the tests were started in the background.
    """
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


def make_service(code: str, *arguments: str, healthy: Path | None = None) -> Service:
    return Service(
        name="program",
        command=[sys.executable, "-c", code, *arguments],
        environment={},
        is_healthy=lambda: healthy is None or healthy.exists(),
    )


SUPERVISOR = """
import sys, threading
from pathlib import Path
from orchestration.supervisor import Service, running, watch
stop = threading.Event()
service = Service(name="program", command=[sys.executable, "-c", sys.argv[2]], environment={},
                  is_healthy=lambda: True)
with running([service], logs=Path(sys.argv[1]), stop=stop) as children:
    print(children[0].process.pid, flush=True)
    watch(children, stop)
"""


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_services_run_within_the_block_and_not_after(tmp_path: Path) -> None:
    services = [make_service(FOR_EVER), make_service(FOR_EVER)]
    with running(services, logs=tmp_path, stop=threading.Event()) as children:
        processes = [psutil.Process(child.process.pid) for child in children]
        assert all(process.is_running() for process in processes)
    assert all(is_gone(process) for process in processes)


def test_services_are_stopped_when_the_block_fails(tmp_path: Path) -> None:
    children: list[Child] = []
    services = [make_service(FOR_EVER)]
    with (  # noqa: PT012 (the block is what is tested)
        pytest.raises(RuntimeError, match="mine"),
        running(services, logs=tmp_path, stop=threading.Event()) as started,
    ):
        children.extend(started)
        raise RuntimeError("mine")
    assert children[0].process.returncode == -signal.SIGTERM


def test_service_that_dies_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    service = make_service("print('last words'); raise SystemExit(3)", healthy=tmp_path / "never")
    words = r"program ended with code 3: last words\. See .*log"
    stop = threading.Event()
    with pytest.raises(SupervisorError, match=words), running([service], logs=tmp_path, stop=stop):
        pass


def test_service_that_dies_later_ends_the_watch(tmp_path: Path) -> None:
    services = [make_service(FOR_EVER), make_service(FOR_EVER)]
    stop = threading.Event()
    with (  # noqa: PT012
        pytest.raises(SupervisorError, match="ended with code -9"),
        running(services, logs=tmp_path, stop=stop) as children,
    ):
        survivor = psutil.Process(children[1].process.pid)
        children[0].process.kill()
        watch(children, stop)
    assert is_gone(survivor)


def test_service_deaf_to_sigterm_is_killed(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    service = make_service(STUBBORN, str(ready), healthy=ready)
    with running([service], logs=tmp_path, stop=threading.Event()) as children:
        stop_all(children, grace_seconds=0.2)
        assert children[0].process.returncode == -signal.SIGKILL


def test_grandchildren_deaf_to_sigterm_are_killed_too(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    service = make_service(WITH_CHILD, str(ready), STUBBORN, healthy=ready)
    with running([service], logs=tmp_path, stop=threading.Event()) as children:
        (grandchild,) = psutil.Process(children[0].process.pid).children()
        stop_all(children, grace_seconds=0.2)
    assert is_gone(grandchild)


def test_orphans_of_a_killed_service_are_stopped(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    service = make_service(WITH_CHILD, str(ready), STUBBORN, healthy=ready)
    with running([service], logs=tmp_path, stop=threading.Event()) as children:
        (orphan,) = psutil.Process(children[0].process.pid).children()
        children[0].process.kill()
        children[0].process.wait()
        stop_all(children, grace_seconds=0.2)
    assert is_gone(orphan)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the children of a killed one")
def test_services_of_a_killed_supervisor_stop(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SUPERVISOR, str(tmp_path), FOR_EVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        service = psutil.Process(int(supervisor.stdout.readline()))
        supervisor.kill()
    psutil.wait_procs([service], timeout=10)
    assert is_gone(service)


def test_stop_ends_the_wait_for_health(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    service = make_service(FOR_EVER, healthy=tmp_path / "never")
    with running([service], logs=tmp_path, stop=stop) as children:
        watch(children, stop)
    assert children[0].process.returncode == -signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_ask_to_stop_and_are_given_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_on_signals() as stop:
        os.kill(os.getpid(), number)
        assert stop.wait(5)
    assert signal.getsignal(number) is before


def test_taken_port_is_named_with_its_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SupervisorError, match=rf"port {port} .* set STUDY_DAGSTER_PORT"):
            require_free({"STUDY_DAGSTER_PORT": ("127.0.0.1", port)})


def test_free_port_is_free() -> None:
    require_free({"STUDY_DAGSTER_PORT": ("127.0.0.1", find_free_port())})
