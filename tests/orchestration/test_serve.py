"""`study serve` as it is run: workers on one socket, killed, replaced, drained, gone."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from orchestration.settings import Settings, child_environment
from orchestration.supervisor import find_free_port
from tests.orchestration.conftest import make_events, study_command

BATCH = "/api/analytics/events/batch"
PATIENCE = 60
MOST_MEGABYTES = 300
WAITING = (
    "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
    " and application_name = 'study-ingestion' and datname = current_database()"
)
HEAVY = ("dagster", "dbt", "pandas", "numpy", "great_expectations", "sqlalchemy", "alembic")


class Running:
    """A running `study serve`."""

    def __init__(self, process: subprocess.Popen[str], client: httpx.Client) -> None:
        self.process, self.client = process, client
        self.itself = psutil.Process(process.pid)

    def workers(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return [
                child
                for child in self.itself.children()
                if any("spawn_main" in word for word in child.cmdline())
            ]
        return []

    def family(self) -> list[psutil.Process]:
        return [self.itself, *self.itself.children(recursive=True)]

    def wait_until_ready(self) -> None:
        self.wait_until(lambda: self.client.get("/readyz").is_success)

    def wait_until(self, holds: Callable[[], bool]) -> None:
        pause = threading.Event()
        for _ in range(PATIENCE * 20):
            with suppress(httpx.TransportError):
                if holds():
                    return
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
            pause.wait(0.05)
        raise AssertionError("it does not come to hold")

    def count(self, name: str) -> float:
        lines = self.client.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


@contextmanager
def running_service(log: Path) -> Iterator[Running]:
    port = find_free_port()
    with (
        log.open("w") as sink,
        subprocess.Popen(
            study_command("serve", "--workers", "2"),
            env=child_environment(STUDY_INGESTION_PORT=str(port)),
            stdin=subprocess.DEVNULL,
            stderr=sink,
            text=True,
        ) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client,
    ):
        service = Running(process, client)
        family: list[psutil.Process] = []
        try:
            service.wait_until_ready()
            family = service.family()
            yield service
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            finally:
                for member in family:
                    with suppress(psutil.NoSuchProcess):
                        member.kill()


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Iterator[Running]:
    assert settings.given_url
    with running_service(tmp_path / "log") as service:
        yield service


def left_of(family: list[psutil.Process]) -> list[psutil.Process]:
    """Who still runs. Multiprocessing's tracker of resources ends when it sees the others gone."""
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    return [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def test_killed_worker_is_replaced_and_its_counts_stay(service: Running) -> None:
    service.wait_until(lambda: len(service.workers()) == 2)
    events = make_events(40)
    for event in events[:20]:
        # A connection each, so that both workers get some.
        httpx.post(service.client.base_url.join(BATCH), json={"events": [event]}).raise_for_status()
    assert service.count("study_events_accepted_total") == 20
    before = service.workers()
    before[0].kill()
    service.wait_until(
        lambda: len(now := service.workers()) == 2 and before[0].pid not in {one.pid for one in now}
    )
    service.wait_until_ready()
    answer = service.client.post(BATCH, json={"events": events})
    assert (answer.json()["accepted"], answer.json()["duplicate"]) == (20, 20)
    assert service.count("study_events_accepted_total") == 40
    resident = sum(member.memory_info().rss for member in service.family()) / 2**20
    assert resident < MOST_MEGABYTES


@contextmanager
def held_request(
    service: Running, url: str | None
) -> Iterator[tuple[psycopg.Connection, "Future[httpx.Response]"]]:
    """The connection whose lock a request waits for, and the answer to come."""
    batch = {"events": [*make_events(1), {"event_type": "nope"}]}
    assert url
    with psycopg.connect(url) as blocker, ThreadPoolExecutor(1) as pool:
        blocker.execute("lock table raw.failed_events in access exclusive mode")
        answer = pool.submit(service.client.post, BATCH, json=batch)
        with psycopg.connect(url, autocommit=True) as watcher:
            service.wait_until(lambda: watcher.execute(WAITING).fetchone() == (1,))
        yield blocker, answer


def test_request_under_way_is_answered_before_the_service_ends(
    service: Running, settings: Settings
) -> None:
    family = service.family()
    with held_request(service, settings.given_url) as (blocker, answer):
        service.process.send_signal(signal.SIGTERM)
        service.wait_until(lambda: not takes_connections(service.client.base_url))
        blocker.rollback()
        assert answer.result(PATIENCE).json()["accepted"] == 1
    assert service.process.wait(PATIENCE) == 0
    assert left_of(family) == []
    assert list((settings.home / "metrics").iterdir()) == []


def takes_connections(url: httpx.URL) -> bool:
    try:
        httpx.get(url.join("/healthz"), timeout=PATIENCE)
    except httpx.TransportError:
        return False
    return True


def test_service_ends_in_time_though_a_request_never_would(
    service: Running, settings: Settings
) -> None:
    family = service.family()
    with held_request(service, settings.given_url) as (_, answer):
        service.process.send_signal(signal.SIGTERM)
        told = answer.result(PATIENCE)
        assert (told.status_code, told.json()["error"]) == (503, "shutting_down")
        assert service.process.wait(PATIENCE) == 0
    assert left_of(family) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the children of a killed one")
def test_workers_of_a_killed_service_end(service: Running) -> None:
    family = service.family()
    service.process.kill()
    service.process.wait()
    assert left_of(family) == []


def test_service_that_cannot_start_says_so(settings: Settings) -> None:
    assert settings.given_url
    port = str(find_free_port())
    # A folder nobody can make: the workers are not even tried.
    (settings.home).mkdir(parents=True)
    (settings.home / "metrics").touch()
    found = subprocess.run(
        study_command("serve"),
        env=child_environment(STUDY_INGESTION_PORT=port),
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert found.returncode == 1


def test_worker_loads_nothing_heavy() -> None:
    code = (
        "import sys, ingestion.api.app, ingestion.api.workers;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_watcher_loads_less_than_a_worker() -> None:
    code = (
        "import sys, orchestration.serve;"
        f"print([name for name in {(*HEAVY, 'fastapi')!r} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
