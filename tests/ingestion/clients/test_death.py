"""Processes that die, fork or just end: every event is stored once, in a real database."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ingestion.clients import ClientSettings, StudyClient
from tests.ingestion.clients.serving import Front, served

# What an application does, in a process of its own: it says "tracked" once the calls returned.
_APPLICATION = """
import os, sys
from pathlib import Path
from ingestion.clients import ClientSettings, StudyClient

url, spool, count, then = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
client = StudyClient(ClientSettings(url=url, spool=spool))

def track(who):
    for number in range(count):
        client.track_event(
            user_id="7b5de3c9-2ac8-4c0c-8b3d-5b9b5f1b0c11",
            event_type="search_performed",
            properties={"query": f"{who} {number}"},
        )

track("parent")
if then == "fork":
    child = os.fork()
    track("child" if child == 0 else "parent again")
    assert client.flush()
    if child == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
print("tracked", flush=True)
if then == "wait":
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def database_url(shared_database_url: str) -> str:
    return shared_database_url


@pytest.fixture(scope="module")
def service(database_url: str) -> Iterator[tuple[Front, str]]:
    front = Front(database_url)
    with served(front) as url:
        yield front, url


@pytest.fixture
def url(front: Front, service: tuple[Front, str]) -> str:
    assert front is service[0]
    return service[1]


def start(url: str, spool: Path, count: int, then: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", _APPLICATION, url, str(spool), str(count), then]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def stored(database_url: str) -> list[str]:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "select properties ->> 'query' from raw.study_events order by 1"
        ).fetchall()
    return [query for (query,) in rows]


def told(who: str, count: int) -> list[str]:
    return [f"{who} {number}" for number in range(count)]


def test_killed_while_sending_then_restarted_stores_every_event_once(
    front: Front, url: str, database_url: str, tmp_path: Path
) -> None:
    front.keep_answers_back = True  # the events get stored, and the client never hears of it
    with start(url, tmp_path / "spool.db", 300, "wait") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"tracked\n"
        assert front.arrived.acquire(timeout=30)
        process.send_signal(signal.SIGKILL)
    # How many of its batches came before it died depends on the machine; it was told of none.
    assert stored(database_url)
    front.keep_answers_back = False
    with StudyClient(ClientSettings(url=url, spool=tmp_path / "spool.db")) as client:
        assert client.flush()
        counts = client.statistics()
    assert stored(database_url) == sorted(told("parent", 300))
    assert counts.accepted + counts.duplicate == 300
    assert counts.duplicate > 0


def test_killed_while_the_service_is_away_loses_nothing(
    front: Front, url: str, database_url: str, tmp_path: Path
) -> None:
    front.refuse_with = 503
    with start(url, tmp_path / "spool.db", 50, "wait") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"tracked\n"
        process.send_signal(signal.SIGKILL)
    front.refuse_with = None
    with StudyClient(ClientSettings(url=url, spool=tmp_path / "spool.db")) as client:
        assert client.flush()
    assert stored(database_url) == sorted(told("parent", 50))


def test_process_that_just_ends_sends_what_waits(
    url: str, database_url: str, tmp_path: Path
) -> None:
    with start(url, tmp_path / "spool.db", 3, "end") as process:
        assert process.wait(60) == 0
    assert stored(database_url) == told("parent", 3)


def test_forked_process_sends_its_own_events_and_its_parent_goes_on(
    url: str, database_url: str, tmp_path: Path
) -> None:
    with start(url, tmp_path / "spool.db", 25, "fork") as process:
        assert process.wait(60) == 0
    expected = told("parent", 25) + told("child", 25) + told("parent again", 25)
    assert stored(database_url) == sorted(expected)


def test_processes_on_one_spool_take_turns(url: str, database_url: str, tmp_path: Path) -> None:
    processes = [start(url, tmp_path / "spool.db", 200, "end") for _ in range(2)]
    for process in processes:
        with process:
            assert process.wait(60) == 0
    with StudyClient(ClientSettings(url=url, spool=tmp_path / "spool.db")) as client:
        assert client.flush()
    assert stored(database_url) == sorted(told("parent", 200) * 2)


def test_spool_is_for_its_owners_eyes_only(url: str, tmp_path: Path) -> None:
    with StudyClient(ClientSettings(url=url, spool=tmp_path / "spool.db")):
        modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    assert modes
    assert set(modes.values()) == {0}
