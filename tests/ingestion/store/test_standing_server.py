import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from ingestion.store.cluster import password_file, render_settings
from ingestion.store.errors import StoreError
from ingestion.store.server import EmbeddedServer
from tests.ingestion.store.conftest import Hold, ask, find_pid


@dataclass(frozen=True)
class Standing:
    """A server that runs for all tests of this module, none of which changes it."""

    home: Path
    url: str
    process: psutil.Process


@pytest.fixture(scope="module")
def standing(
    tmp_path_factory: pytest.TempPathFactory, settled_home: Path, bin_dir: Path | None
) -> Iterator[Standing]:
    home = tmp_path_factory.mktemp("standing") / "home"
    shutil.copytree(settled_home, home)
    server = EmbeddedServer(home, port=0, bin_dir=bin_dir)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDY_WRITE_KEYS", "secret")
        patch.setenv("PGPORT", "1")
        with server.lease() as url:
            yield Standing(home, url, psutil.Process(find_pid(server)))


def test_server_is_found_again_by_a_second_process(standing: Standing, hold: Hold) -> None:
    second = hold(where=standing.home)
    assert second.await_url() == standing.url
    second.leave()
    assert standing.process.is_running()
    assert ask(standing.url, "select 1") == 1


def test_server_keeps_its_port_whatever_is_asked(standing: Standing, bin_dir: Path | None) -> None:
    with EmbeddedServer(standing.home, port=1, bin_dir=bin_dir).lease() as again:
        assert again == standing.url


def test_taken_port_is_named_with_its_user(
    standing: Standing, home: Path, settled_home: Path, bin_dir: Path | None
) -> None:
    port = urlsplit(standing.url).port
    assert port is not None
    shutil.copytree(settled_home, home)
    other = EmbeddedServer(home, port=port, bin_dir=bin_dir)
    with (
        pytest.raises(StoreError, match=rf"port {port} is in use by postgres .*POSTGRES_PORT"),
        other.lease(),
    ):
        pytest.fail("a server was started on a taken port")
    assert not other.status().is_running


def test_password_is_nowhere_but_in_its_file(standing: Standing) -> None:
    password = urlsplit(standing.url).password
    assert password is not None
    assert len(password) >= 32
    shown = [*standing.process.cmdline(), *standing.process.environ().values()]
    assert password not in " ".join(shown)
    assert password_file(standing.home).stat().st_mode & 0o777 == 0o600
    files = [path for path in standing.home.rglob("*") if path.is_file()]
    holding = [path for path in files if password.encode() in path.read_bytes()]
    assert holding == [password_file(standing.home)]


def test_password_is_asked_for(standing: Standing) -> None:
    wrong = standing.url.replace(urlsplit(standing.url).password or "", "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_server_is_apart_from_whoever_started_it(standing: Standing) -> None:
    # a terminal's Ctrl-C goes to the processes of its session
    assert os.getsid(standing.process.pid) != os.getsid(0)
    assert not {"STUDY_WRITE_KEYS", "PGPORT"} & set(standing.process.environ())


def test_server_listens_on_loopback_only(standing: Standing) -> None:
    sockets = [
        connection
        for connection in standing.process.net_connections("all")
        if connection.status == psutil.CONN_LISTEN or isinstance(connection.laddr, str)
    ]
    assert {connection.laddr[0] for connection in sockets} == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("log_destination", "jsonlog"),
        ("logging_collector", "on"),
        ("max_wal_size", "4GB"),
        ("password_encryption", "scram-sha-256"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("server_encoding", "UTF8"),
    ],
)
def test_setting_is_in_force(standing: Standing, setting: str, value: str) -> None:
    assert ask(standing.url, f"show {setting}") == value


def test_learners_timezones_are_known(standing: Standing) -> None:
    moment = "'2026-03-29 01:00+00'::timestamptz at time zone 'Europe/Berlin'"
    assert ask(standing.url, f"select {moment} = '2026-03-29 03:00'") is True


@pytest.mark.parametrize("gibibytes", [0.25, 1, 24, 1024])
def test_shared_buffers_stay_in_bounds(gibibytes: float) -> None:
    lines = render_settings(int(gibibytes * 1024**3)).splitlines()
    value = next(line for line in lines if line.startswith("shared_buffers")).split("'")[1]
    assert 128 <= int(value.removesuffix("MB")) <= 1024
