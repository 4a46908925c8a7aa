"""`study up` as it is used: real services on free ports, real signals, nothing left behind."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from orchestration.settings import child_environment
from orchestration.supervisor import find_free_port
from tests.orchestration.conftest import study_command

STARTS_WITHIN_SECONDS = 180
STOPS_WITHIN_SECONDS = 30


class Everything:
    """One running `study up`, and all processes that belong to it."""

    def __init__(self, process: subprocess.Popen[str], home: Path, ports: dict[str, int]) -> None:
        self.process, self.home, self.ports = process, home, ports

    def read_until_up(self) -> None:
        assert self.process.stdout is not None
        lines = iter(self.process.stdout.readline, "")
        assert any("Ctrl-C" in line for line in lines), self.errors()

    def wait_for_services(self) -> None:
        log = self.home / "logs" / "dagster-daemon.log"
        while not log.exists():
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.1)
                raise AssertionError(self.errors())

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def family(self) -> list[psutil.Process]:
        server = int((self.home / "postgres" / "postmaster.pid").read_text().split()[0])
        parents = [psutil.Process(self.process.pid), psutil.Process(server)]
        return [one for parent in parents for one in (parent, *parent.children(recursive=True))]

    def wait(self) -> int:
        return self.process.wait(STOPS_WITHIN_SECONDS)


@pytest.fixture
def ports() -> dict[str, int]:
    return {name: find_free_port() for name in ("INGESTION", "DAGSTER", "CODE_SERVER", "POSTGRES")}


@pytest.fixture
def everything(clean_environment: Path, ports: dict[str, int]) -> Iterator[Everything]:
    process = subprocess.Popen(
        study_command("up"),
        env=child_environment(**{f"STUDY_{name}_PORT": str(port) for name, port in ports.items()}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Everything(process, clean_environment, ports)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=STOPS_WITHIN_SECONDS)


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_up_serves_everything_until_sigterm(everything: Everything) -> None:
    everything.read_until_up()
    loopback = "http://127.0.0.1"
    ports = everything.ports
    assert httpx.get(f"{loopback}:{ports['INGESTION']}/readyz").status_code == 200
    assert httpx.get(f"{loopback}:{ports['DAGSTER']}/server_info").status_code == 200
    query = "{ repositoriesOrError { ... on RepositoryConnection { nodes { jobs { name } } } } }"
    answer = httpx.post(
        f"{loopback}:{ports['DAGSTER']}/graphql", json={"query": query}, timeout=60
    ).json()
    (repository,) = answer["data"]["repositoriesOrError"]["nodes"]
    assert {"name": "pipeline_job"} in repository["jobs"]
    family = everything.family()
    assert len(family) > 5
    passwords = (everything.home / "postgres.password").read_text().strip()
    assert not [process for process in family if passwords in " ".join(process.cmdline())]
    everything.process.send_signal(signal.SIGTERM)
    assert everything.wait() == 0
    assert [process for process in family if not is_gone(process)] == []
    logs = {path.name for path in (everything.home / "logs").iterdir()}
    services = ("ingestion", "dagster-code-server", "dagster-webserver", "dagster-daemon")
    assert logs == {f"{service}.log" for service in services}


def test_up_stops_on_ctrl_c_even_while_starting(everything: Everything) -> None:
    everything.wait_for_services()
    family = everything.family()
    everything.process.send_signal(signal.SIGINT)
    assert everything.wait() == 0
    assert [process for process in family if not is_gone(process)] == []


def test_up_takes_all_down_when_one_dies(everything: Everything) -> None:
    everything.read_until_up()
    family = everything.family()
    # One with a child of its own, which is nobody's once its parent is dead.
    (service,) = [one for one in family if "serve" in one.cmdline()]
    assert service.children()
    service.kill()
    assert everything.wait() == 1
    assert "ingestion ended with code -9" in everything.errors()
    assert [process for process in family if not is_gone(process)] == []


def test_up_names_a_taken_port_before_it_starts_anything(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("STUDY_DAGSTER_PORT", str(port))
        monkeypatch.setenv("STUDY_INGESTION_PORT", str(find_free_port()))
        monkeypatch.setenv("STUDY_CODE_SERVER_PORT", str(find_free_port()))
        found = subprocess.run(study_command("up"), check=False, capture_output=True, text=True)
    assert found.returncode == 1
    assert found.stderr == (
        f"port {port} on 127.0.0.1 is taken: another program listens there."
        " Stop it, or set STUDY_DAGSTER_PORT to a free port\n"
    )
    assert not clean_environment.exists()
