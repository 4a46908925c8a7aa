"""A request that is sent again: once stored, once awarded, answered as at first."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from ingestion.activity.table import ACTIVITIES, CHECK_IN
from ingestion.api.activity_document import body_example
from ingestion.events.identity import random_uuid7
from tests.ingestion.api.activity.conftest import Learner

SUBMIT = "/api/questions/q1/submit"
PATHS = {activity.path: body_example(activity) for activity in ACTIVITIES}


def fill(path: str) -> str:
    path = path.replace("{session_id}", "0b9f3c5a-7a1e-4b52-8f0d-2f6f6a3f9e10")
    return re.sub(r"\{(\w+)\}", r"an-id", path)


def count(database: psycopg.Connection) -> tuple[int, int]:
    row = database.execute(
        "select (select count(*) from raw.study_events), (select count(*) from raw.failed_events)"
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def books(database: psycopg.Connection) -> tuple[int, ...]:
    row = database.execute(
        "select coalesce(sum(received), 0), coalesce(sum(accepted), 0),"
        " coalesce(sum(duplicate), 0), coalesce(sum(rejected), 0), coalesce(sum(conflict), 0)"
        " from raw.landings"
    ).fetchone()
    assert row is not None
    return tuple(map(int, row))


@pytest.mark.parametrize("path", PATHS)
def test_retry_changes_nothing(learner: Learner, database: psycopg.Connection, path: str) -> None:
    body = {**PATHS[path], "user_id": learner.user_id, "event_id": str(random_uuid7(_now()))}
    first = learner.do(fill(path), **body)
    stored = count(database)
    second = learner.do(fill(path), **body)
    assert count(database) == stored
    assert second == {**first, "duplicate": True}


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("with_time", [True, False])
@pytest.mark.parametrize("key", ["check-out-17", "0e1f9f53-7b8e-4f0a-9d7e-0d5f7f1b2c3d"])
def test_any_key_names_a_request(learner: Learner, key: str, with_time: bool) -> None:
    body: dict[str, Any] = {"is_correct": True}
    if with_time:
        body["occurred_at"] = (_now() - timedelta(days=2)).isoformat()
    headers = {"X-User-Id": learner.user_id, "Idempotency-Key": key}
    first, second = (
        learner.client.post(SUBMIT, json=body, headers=headers).json() for _ in range(2)
    )
    assert second == {**first, "duplicate": True}
    other = learner.client.post(
        SUBMIT, json={**body, "event_id": key}, headers={"X-User-Id": learner.user_id}
    )
    assert other.json()["duplicate"] is True


def test_retries_at_once_are_one_event(learner: Learner, database: psycopg.Connection) -> None:
    body = {"is_correct": True, "event_id": str(random_uuid7(_now()))}
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda _: learner.do(SUBMIT, **body), range(8)))
    assert sorted(answer["duplicate"] for answer in answers) == [False] + [True] * 7
    assert len({answer["event_id"] for answer in answers}) == 1
    assert count(database)[0] == 1 + len(answers[0]["awards"])


def test_later_attempts_leave_the_first_ones_answer(learner: Learner) -> None:
    yesterday = (_now() - timedelta(days=1)).isoformat()
    learner.do(SUBMIT, is_correct=True, occurred_at=yesterday)
    body = {"is_correct": False, "event_id": str(random_uuid7(_now()))}
    first = learner.do(SUBMIT, **body)
    learner.do(SUBMIT, is_correct=True)
    assert learner.do(SUBMIT, **body) == {**first, "duplicate": True}
    assert first["days_since_last_attempt"] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SUBMIT, {"is_correct": False}),
        (SUBMIT, {"is_correct": True, "time_spent": 1}),
        (SUBMIT, {"is_correct": True, "topic_id": "lung"}),
        ("/api/questions/q2/submit", {"is_correct": True}),
        ("/api/search", {"q": "heart"}),
        (CHECK_IN, {}),
    ],
)
def test_id_of_another_event_is_a_conflict(
    learner: Learner, database: psycopg.Connection, path: str, body: dict[str, object]
) -> None:
    event_id = str(random_uuid7(_now()))
    learner.do(SUBMIT, event_id=event_id, is_correct=True)
    stored, failed = count(database)
    response = learner.ask(path, event_id=event_id, **body)
    assert (response.status_code, response.json()["error"]) == (409, "conflict")
    assert count(database) == (stored, failed + 1)


def test_id_of_another_learners_event_is_a_conflict(client: httpx.Client, learner: Learner) -> None:
    event_id = str(random_uuid7(_now()))
    learner.do(SUBMIT, event_id=event_id, is_correct=True)
    response = Learner(client).ask(SUBMIT, event_id=event_id, is_correct=True)
    assert response.status_code == 409
    assert learner.user_id not in response.text


def test_event_of_a_batch_is_known_again(learner: Learner, client: httpx.Client) -> None:
    event = {
        "event_id": str(random_uuid7(_now())),
        "event_type": "question_submit",
        "user_id": learner.user_id,
        "question_id": "q1",
        "properties": {"is_correct": True, "time_to_answer_seconds": 45},
    }
    answer = client.post("/api/analytics/events", json=event).json()
    assert answer["accepted"] == 1
    told = learner.do(SUBMIT, event_id=event["event_id"], is_correct=True, time_spent=45)
    assert (told["duplicate"], told["awards"]) == (True, [])


def test_every_request_is_in_the_books(learner: Learner, database: psycopg.Connection) -> None:
    before = books(database)
    event_id = str(random_uuid7(_now()))
    awards = learner.do(SUBMIT, event_id=event_id, is_correct=True)["awards"]
    learner.do(SUBMIT, event_id=event_id, is_correct=True)
    learner.ask(SUBMIT, event_id=event_id, is_correct=False)
    learner.ask(SUBMIT, is_correct=True, occurred_at="1999-01-01T00:00:00Z")
    learner.ask(SUBMIT, is_correct="yes")  # no event: refused before it is one
    stored = 1 + len(awards)
    after = tuple(now - then for now, then in zip(books(database), before, strict=True))
    assert after == (stored + 3, stored, 1, 1, 1)


def test_metrics_count_activities_as_events(learner: Learner, client: httpx.Client) -> None:
    def counted() -> dict[str, float]:
        lines = client.get("/metrics").text.splitlines()
        told = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in told.items()}

    before = counted()
    awards = learner.do(SUBMIT, is_correct=True)["awards"]
    after = counted()

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grown("study_events_received_total") == 1 + len(awards)
    assert grown('study_events_accepted_total{event_type="question_submit"}') == 1
    route = 'method="POST",route="/api/questions/{question_id}/submit",status="200"'
    assert grown(f"study_requests_total{{{route}}}") == 1


def test_stored_session_is_told_again(learner: Learner) -> None:
    body = {"event_id": f"start-{uuid4()}"}
    first = learner.do("/api/sessions/start", **body)
    assert learner.do("/api/sessions/start", **body)["session_id"] == first["session_id"]
