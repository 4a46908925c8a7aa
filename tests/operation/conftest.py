"""A server that may be killed, a migrated database on it, and Dagster's instance over both."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import psutil
import psycopg
import pytest

from ingestion.store.migrations import migrate
from ingestion.store.partitions import make_months
from ingestion.store.server import EmbeddedServer
from orchestration.instance import prepare_dagster
from orchestration.settings import exported, read_settings
from orchestration.supervisor import find_free_port
from tests.operation.feed import END, START
from tests.orchestration.alerts.receiver import Receiver, receiving
from tests.orchestration.conftest import clear_settings


@dataclass(frozen=True)
class Server:
    """A server of the test's own."""

    home: Path
    port: int
    url: str

    def kill(self) -> None:
        """Let it end as in a crash, every session with it."""
        pid = EmbeddedServer(self.home, port=self.port).status().pid
        assert pid
        postmaster = psutil.Process(pid)
        postmaster.send_signal(signal.SIGQUIT)
        # Else it would be found at work still, and nothing be started.
        postmaster.wait(60)

    def start(self) -> None:
        """Start it again, as a service manager would."""
        with EmbeddedServer(self.home, port=self.port).lease() as url:
            assert url == self.url


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    home, port = tmp_path / "server", find_free_port()
    with EmbeddedServer(home, port=port).lease() as url:
        migrate(url)
        with psycopg.connect(url) as owner:
            make_months(owner, START.date().replace(day=1), END.date())
        yield Server(home, port, url)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return clear_settings(monkeypatch, tmp_path / "home")


@pytest.fixture
def instance(
    server: Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    assert home
    monkeypatch.setenv("STUDY_DATABASE_URL", server.url)
    with (
        exported(prepare_dagster(read_settings(), server.url)),
        dg.DagsterInstance.get() as opened,
    ):
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
