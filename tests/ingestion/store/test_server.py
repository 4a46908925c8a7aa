import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from ingestion.store import launch
from ingestion.store.cluster import password_file
from ingestion.store.errors import StoreError
from ingestion.store.locks import hold_exclusive
from ingestion.store.postmaster import await_end, is_alive
from ingestion.store.server import EmbeddedServer
from tests.ingestion.store.conftest import Hold, ask, find_pid


def test_processes_racing_to_start_share_one_server(new_server: EmbeddedServer, hold: Hold) -> None:
    holders = [hold() for _ in range(4)]
    assert len({holder.await_url() for holder in holders}) == 1
    for holder in holders:
        assert new_server.status().is_running
        holder.leave()
    assert not new_server.status().is_running


def test_threads_racing_to_start_share_one_server(server: EmbeddedServer) -> None:
    def take(_: int) -> object:
        with server.lease() as url:
            return ask(url, "select 1")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(take, range(24))) == [1] * 24
    assert not server.status().is_running


def test_last_lease_stops_the_server_and_keeps_the_data(server: EmbeddedServer) -> None:
    with server.lease() as url:
        with psycopg.connect(url) as connection:
            connection.execute("create table kept as select 7 as number")
        pid = find_pid(server)
    assert not is_alive(pid)
    assert not server.status().is_running
    with server.lease() as url:
        assert ask(url, "select number from kept") == 7


def test_interrupted_leaseholder_stops_the_server(server: EmbeddedServer, hold: Hold) -> None:
    holder = hold()
    holder.await_url()
    holder.interrupt()
    assert not server.status().is_running


def test_killed_leaseholder_leaves_no_trace(server: EmbeddedServer, hold: Hold) -> None:
    holder = hold()
    url = holder.await_url()
    holder.kill()
    assert server.status().is_running
    with server.lease() as again:
        assert again == url
    assert not server.status().is_running


def test_killed_server_starts_again_with_every_commit(server: EmbeddedServer, hold: Hold) -> None:
    holder = hold()
    with psycopg.connect(holder.await_url()) as connection:
        connection.execute("create table kept as select 7 as number")
    dead = find_pid(server)
    os.kill(dead, signal.SIGKILL)
    assert await_end(dead, seconds=30)
    assert not server.status().is_running
    with server.lease() as url:
        assert find_pid(server) != dead
        assert ask(url, "select number from kept") == 7
    # the first holder is still there
    assert server.status().is_running
    holder.leave()
    assert not server.status().is_running


def test_lease_waits_while_a_running_server_recovers(server: EmbeddedServer) -> None:
    with server.lease() as url:
        for _ in range(5):
            victim = psycopg.connect(url)
            os.kill(victim.info.backend_pid, signal.SIGKILL)  # all sessions end, and it recovers
            with server.lease() as again, psycopg.connect(again) as connection:
                assert connection.execute("select 1").fetchone() == (1,)
            victim.close()


def test_number_of_a_dead_server_borne_by_another_process_harms_neither(
    server: EmbeddedServer, home: Path
) -> None:
    pid_file = home / "postgres" / "postmaster.pid"
    lines = [str(os.getpid()), str(home / "postgres"), "1", "5433", "", "127.0.0.1", "", "ready"]
    pid_file.write_text("\n".join(lines) + "\n")
    assert not server.status().is_running
    with server.lease() as url:
        assert ask(url, "select 1") == 1


def test_server_that_cannot_be_seen_is_not_joined_by_a_second(
    server: EmbeddedServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "LEFTOVER_SECONDS", 0.0)
    # as a server in another container does
    with (
        hold_exclusive(home / "postgres.alive"),
        pytest.raises(StoreError, match=r"still use .* another container"),
        server.lease(),
    ):
        pytest.fail("a second server was started")


def test_leftover_session_of_a_killed_server_bars_a_second(
    server: EmbeddedServer, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = hold()
    connection = psycopg.connect(holder.await_url())
    session = psutil.Process(connection.info.backend_pid)
    # stopped, it cannot notice that its server is gone
    session.suspend()
    dead = find_pid(server)
    os.kill(dead, signal.SIGKILL)
    assert await_end(dead, seconds=30)
    with monkeypatch.context() as patch:
        patch.setattr(launch, "LEFTOVER_SECONDS", 0.0)
        with pytest.raises(StoreError, match="left them behind"), server.lease():
            pytest.fail("a second server was started on the data of a living session")
    session.resume()
    with server.lease() as url:
        assert ask(url, "select 1") == 1
    connection.close()
    holder.leave()


def test_data_of_another_major_version_are_refused(new_server: EmbeddedServer, home: Path) -> None:
    data = home / "postgres"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("14\n")
    with (
        pytest.raises(StoreError, match=r"made by PostgreSQL 14.*STUDY_POSTGRES_BIN"),
        new_server.lease(),
    ):
        pytest.fail("data of another version were opened")


def test_half_made_data_folder_is_made_anew(new_server: EmbeddedServer, home: Path) -> None:
    (home / "postgres.new" / "base").mkdir(parents=True)
    with new_server.lease() as url:
        assert ask(url, "select 1") == 1
    assert not (home / "postgres.new").exists()


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("max_connections = many", "max_connections"),
        # found out when its log is open already
        ("hba_file = 'nowhere'", "could not load"),
    ],
)
def test_server_that_does_not_start_says_why(
    server: EmbeddedServer, home: Path, setting: str, reason: str
) -> None:
    with (home / "postgres" / "postgresql.conf").open("a") as conf:
        conf.write(f"{setting}\n")
    with pytest.raises(StoreError, match=rf"did not start .*{reason}") as raised, server.lease():
        pytest.fail("a broken server was started")
    assert "\n" not in str(raised.value)
    assert not server.status().is_running


def test_lost_password_is_an_error_and_leaves_no_server(server: EmbeddedServer, home: Path) -> None:
    password_file(home).unlink()
    with pytest.raises(StoreError, match=r"password .* cannot be read"), server.lease():
        pytest.fail("let in without a password")
    assert not server.status().is_running


def test_operators_own_setting_outlives_a_restart(server: EmbeddedServer, home: Path) -> None:
    with (home / "postgres" / "postgresql.conf").open("a") as conf:
        conf.write("work_mem = '7MB'\n")
    with server.lease() as url:
        assert ask(url, "show work_mem") == "7MB"


def test_status_of_a_server_that_never_was(new_server: EmbeddedServer, home: Path) -> None:
    status = new_server.status()
    assert (status.is_running, status.pid, status.port) == (False, None, None)
    assert not home.exists()


def test_home_that_cannot_be_made_is_an_error(tmp_path: Path, bin_dir: Path | None) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StoreError, match=r"cannot be made .*STUDY_HOME"),
        EmbeddedServer(tmp_path / "file" / "home", port=0, bin_dir=bin_dir).lease(),
    ):
        pytest.fail("a server was started in a file")


def test_log_is_json_in_a_folder_of_its_own(server: EmbeddedServer, home: Path) -> None:
    with server.lease() as url, pytest.raises(psycopg.errors.UndefinedTable):
        ask(url, "select * from nowhere")
    logs = list((home / "postgres" / "pg_log").glob("*.json"))
    records = [json.loads(line) for path in logs for line in path.read_text().splitlines()]
    assert 'relation "nowhere" does not exist' in {record["message"] for record in records}
