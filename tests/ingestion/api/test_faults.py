"""What a sender is told when the database fails: never `accepted` for what is not stored."""

import random
import socket
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg

from ingestion.api import IngestionSettings
from tests.ingestion.api.conftest import Serve

Make = Callable[..., dict[str, object]]
BATCH = "/api/analytics/events/batch"
SERVICE = "select pid from pg_stat_activity where application_name = 'study-ingestion'"
IN_THIS_DATABASE = " and datname = current_database()"


def test_unreachable_database_is_a_503_with_retry_after(serve: Serve, make_event: Make) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: every connection is refused
        url = f"postgresql://study:x@127.0.0.1:{taken.getsockname()[1]}/study"
        client = serve(IngestionSettings(database_url=url, pool_timeout_seconds=0.2))
        for response in (
            client.post(BATCH, json={"events": [make_event()]}),
            client.get("/readyz"),
        ):
            assert response.status_code == 503
            assert response.json()["error"] == "database_unavailable"
            assert int(response.headers["retry-after"]) > 0
        assert client.get("/healthz").status_code == 200


def test_killed_idle_connection_costs_the_sender_nothing(
    client: httpx.Client, database: psycopg.Connection, make_event: Make
) -> None:
    for _ in range(3):
        response = client.post(BATCH, json={"events": [make_event()]})
        assert response.json()["accepted"] == 1
        database.execute(
            f"select pg_terminate_backend(pid) from ({SERVICE}{IN_THIS_DATABASE}) as service"
        )


def test_batch_whose_commit_is_cut_is_not_acknowledged_and_its_retry_lands_once(
    client: httpx.Client,
    database: psycopg.Connection,
    shared_database_url: str,
    make_event: Make,
) -> None:
    batch = {"events": [make_event(), {"event_type": "nope"}]}
    with psycopg.connect(shared_database_url) as blocker, ThreadPoolExecutor(1) as pool:
        # The dead letter is written after the events: the batch now hangs just before its commit.
        blocker.execute("lock table raw.failed_events in access exclusive mode")
        answer = pool.submit(client.post, BATCH, json=batch)
        waiting = f"{SERVICE}{IN_THIS_DATABASE} and wait_event_type = 'Lock'"
        pause = threading.Event()
        while not (pids := database.execute(waiting).fetchall()):
            assert not answer.done(), answer.result().text
            pause.wait(0.01)
        database.execute("select pg_terminate_backend(%s)", pids[0])
        assert answer.result().status_code == 503
        blocker.rollback()
    assert database.execute("select count(*) from raw.study_events").fetchone() == (0,)
    assert client.post(BATCH, json=batch).json()["accepted"] == 1


def test_overlapping_senders_land_every_event_once(
    client: httpx.Client, database: psycopg.Connection, make_event: Make
) -> None:
    events = [make_event() for _ in range(120)]

    def send(seed: int) -> Counter[str]:
        shuffled = random.Random(seed).sample(events, k=100)
        changed = [event | {"topic_id": f"sender-{seed}"} for event in shuffled[:10]]
        answer = client.post(BATCH, json={"events": shuffled + changed})
        assert answer.status_code == 200, answer.text
        return Counter({key: answer.json()[key] for key in ("accepted", "duplicate", "conflict")})

    with ThreadPoolExecutor(8) as pool:
        total: Counter[str] = sum(pool.map(send, range(24)), Counter())
    assert total.total() == 24 * 110
    assert total["conflict"] == 24 * 10
    stored = database.execute("select count(*) from raw.study_events").fetchone()
    assert stored == (total["accepted"],)
