"""Many at once: a learner's own requests queue up, and nobody else's wait behind them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import psycopg
import pytest

from ingestion.api import IngestionSettings
from ingestion.events.identity import random_uuid7
from ingestion.landing.learner_log import LOCK
from tests.ingestion.api.activity.conftest import Learner
from tests.ingestion.api.conftest import Serve
from tests.ingestion.api.test_keys import eventually

SUBMIT = "/api/questions/q1/submit"
CROWD = 12


@pytest.fixture
def served(serve: Serve, database_url: str) -> httpx.Client:
    """A service with two connections and room for one request more than a crowd is."""
    return serve(
        IngestionSettings(
            database_url=database_url, activity_connections=2, max_activity_requests=CROWD + 1
        )
    )


def test_crowd_of_one_learner_keeps_nobody_out(served: httpx.Client, database_url: str) -> None:
    held, free = Learner(served), Learner(served)
    with (
        psycopg.connect(database_url) as holder,
        psycopg.connect(database_url, autocommit=True) as watcher,
        ThreadPoolExecutor(CROWD) as crowd,
    ):
        holder.execute(LOCK.encode(), [held.user_id])
        waiting = [crowd.submit(held.do, SUBMIT, is_correct=True) for _ in range(CROWD)]
        assert eventually(lambda: blocked(watcher) == 1)
        assert free.do(SUBMIT, is_correct=True)["properties"]["attempt_number"] == 1
        assert blocked(watcher) == 1  # one connection waits, however many requests do
        assert not any(request.done() for request in waiting)
        holder.rollback()
        numbers = {request.result()["properties"]["attempt_number"] for request in waiting}
    assert numbers == set(range(1, CROWD + 1))


def blocked(watcher: psycopg.Connection) -> int:
    row = watcher.execute(
        "select count(*) from pg_locks join pg_database on pg_database.oid = database"
        " where locktype = 'advisory' and not granted and datname = current_database()"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_too_many_at_once_are_turned_away(served: httpx.Client, database_url: str) -> None:
    held = Learner(served)
    with (
        psycopg.connect(database_url) as holder,
        ThreadPoolExecutor(CROWD + 4) as crowd,
    ):
        holder.execute(LOCK.encode(), [held.user_id])
        waiting = [crowd.submit(held.ask, SUBMIT, is_correct=True) for _ in range(CROWD + 4)]
        assert eventually(lambda: sum(request.done() for request in waiting) == 3)
        holder.rollback()
        answers = [request.result() for request in waiting]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert [answer.json()["error"] for answer in refused] == ["too_many_waiting"] * 3
    assert {answer.status_code for answer in answers} == {200, 429}


def test_one_id_by_two_routes_at_once_is_stored_once(
    served: httpx.Client, database_url: str
) -> None:
    """The batch takes no lock: what it stores meanwhile is found when the activity is to land."""
    for _ in range(20):
        learner, event_id = Learner(served), str(random_uuid7(datetime.now(UTC)))
        event = {
            "event_id": event_id,
            "event_type": "question_submit",
            "user_id": learner.user_id,
            "question_id": "q1",
            "properties": {"is_correct": True},
        }
        with ThreadPoolExecutor(2) as both:
            batch = both.submit(served.post, "/api/analytics/events", json=event)
            told = both.submit(learner.do, SUBMIT, is_correct=True, event_id=event_id)
            by_batch, by_route = batch.result().json(), told.result()
        assert by_batch["accepted"] + (not by_route["duplicate"]) == 1
    with psycopg.connect(database_url) as database:
        row = database.execute(
            "select count(*), count(distinct user_id) from raw.study_events"
            " where event_type = 'question_submit'"
        ).fetchone()
    assert row == (20, 20)
