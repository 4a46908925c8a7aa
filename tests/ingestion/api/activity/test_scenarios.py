"""The specification's own scenarios, each seen at once where a dashboard would look."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from tests.exactness.warehouse import Warehouse
from tests.ingestion.api.activity.conftest import Learner
from tests.ingestion.api.test_contract import LIVE, run_schemathesis

SUBMITS = 50


@pytest.fixture
def student(built_client: httpx.Client) -> Learner:
    return Learner(built_client)


def rows(warehouse: Warehouse, statement: str, *values: object) -> list[dict[str, Any]]:
    with psycopg.connect(warehouse.url, row_factory=dict_row) as connection:
        return connection.execute(statement.encode(), values).fetchall()


def test_session_start_event(student: Learner, warehouse: Warehouse) -> None:
    response = student.client.post("/api/sessions/start", headers={"X-User-Id": student.user_id})
    assert response.status_code == 200
    (event,) = rows(
        warehouse,
        "select * from raw.study_events where user_id = %s and event_type = 'session_start'",
        student.user_id,
    )
    assert str(event["session_id"]) == response.json()["session_id"]
    assert event["properties"]["user_agent"].startswith("python-httpx")
    (session,) = student.read("sessions")["sessions"]
    assert session["session_id"] == str(event["session_id"])
    assert session["is_active"] is True
    assert session["end_reason"] == "open"


def test_question_attempt_tracking(student: Learner, warehouse: Warehouse) -> None:
    question_id = f"q-{uuid4()}"
    put = {"topic_id": "cardiology", "correct_answer": "A", "difficulty": "easy"}
    assert student.client.put(f"/api/questions/{question_id}", json=put).status_code == 200
    student.do(f"/api/questions/{question_id}/submit", answer="A", time_spent=45)
    (event,) = rows(
        warehouse,
        "select * from raw.study_events where event_type = 'question_submit' and question_id = %s",
        question_id,
    )
    assert event["topic_id"] == "cardiology"
    (attempt,) = rows(
        warehouse,
        "select * from live.question_attempts where user_id = %s and question_id = %s",
        student.user_id,
        question_id,
    )
    assert attempt["time_to_answer_seconds"] == 45
    assert attempt["is_correct"] is True
    (mastery,) = student.read("mastery")["mastery"]
    assert mastery["topic_id"] == "cardiology"
    assert mastery["questions_attempted"] == 1
    explored = student.do("/api/topics/cardiology/explored")["properties"]
    assert explored["current_mastery"] == mastery["mastery_score"]
    assert "current_mastery" not in student.do("/api/topics/nephrology/explored")["properties"]


def test_fifty_submits_at_once_are_numbered_and_awarded_one_by_one(
    student: Learner, warehouse: Warehouse
) -> None:
    session_id = student.do("/api/sessions/start")["session_id"]

    def submit(number: int) -> dict[str, Any]:
        body = {"session_id": session_id, "is_correct": number % 2 == 0, "topic_id": "anatomy"}
        return student.do("/api/questions/q-crowded/submit", **body)

    with ThreadPoolExecutor(SUBMITS) as crowd:
        answers = list(crowd.map(submit, range(SUBMITS)))
    numbers = {answer["properties"]["attempt_number"] for answer in answers}
    assert numbers == set(range(1, SUBMITS + 1))
    assert Counter(a["properties"]["is_first_attempt"] for a in answers) == {
        True: 1,
        False: SUBMITS - 1,
    }
    attempts = rows(
        warehouse,
        "select attempt_number, reported_attempt_number, is_first_attempt,"
        " reported_is_first_attempt from live.question_attempts where user_id = %s",
        student.user_id,
    )
    assert {attempt["attempt_number"] for attempt in attempts} == numbers
    assert all(a["attempt_number"] == a["reported_attempt_number"] for a in attempts)
    assert all(a["is_first_attempt"] == a["reported_is_first_attempt"] for a in attempts)
    awards = rows(
        warehouse,
        "select cast(properties ->> 'xp_amount' as integer) as amount,"
        " cast(properties ->> 'new_total_xp' as integer) as total from raw.study_events"
        " where user_id = %s and event_type = 'xp_earned' order by occurred_at, event_id",
        student.user_id,
    )
    running = 0
    for award in awards:
        running += award["amount"]
        assert award["total"] == running
    told = [
        award["properties"]["xp_amount"]
        for answer in answers
        for award in answer["awards"]
        if award["event_type"] == "xp_earned"
    ]
    (session,) = student.read("sessions")["sessions"]
    (day,) = student.read("stats")["days"]
    assert session["xp_earned"] == day["xp_earned"] == running
    assert running - sum(told) == awards[0]["amount"]  # of the session's start: the streak's
    assert session["questions_attempted"] == SUBMITS


def test_reads_page_and_filter(student: Learner) -> None:
    started = [student.do("/api/sessions/start") for _ in range(3)]
    first = student.read("sessions", limit=2)
    rest = student.read("sessions", limit=2, offset=2)
    assert (len(first["sessions"]), first["has_more"]) == (2, True)
    assert (len(rest["sessions"]), rest["has_more"]) == (1, False)
    told = [session["session_id"] for session in first["sessions"] + rest["sessions"]]
    assert told == [each["session_id"] for each in reversed(started)]
    since = student.read("sessions", since=started[2]["occurred_at"])
    assert [session["session_id"] for session in since["sessions"]] == [started[2]["session_id"]]
    assert student.read("stats", since="2999-01-01")["days"] == []


@pytest.mark.parametrize(
    ("what", "name"),
    [("sessions", "sessions"), ("mastery", "mastery"), ("gaps", "gaps"), ("stats", "days")],
)
def test_learner_nobody_knows_has_nothing(student: Learner, what: str, name: str) -> None:
    assert student.read(what) == {"user_id": student.user_id, name: [], "has_more": False}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/users/somebody/sessions", {}),
        ("/api/users/{user_id}/gaps", {"limit": "501"}),
        ("/api/users/{user_id}/gaps", {"limit": "0"}),
        ("/api/users/{user_id}/mastery", {"offset": "-1"}),
        ("/api/users/{user_id}/sessions", {"since": "2026-03-01T09:00:00"}),
        ("/api/users/{user_id}/stats", {"since": "yesterday"}),
    ],
)
def test_read_that_cannot_be_is_refused(student: Learner, path: str, query: dict[str, str]) -> None:
    response = student.client.get(path.format(user_id=student.user_id), params=query)
    assert (response.status_code, response.json()["error"]) == (422, "invalid_parameter")


def test_reads_keep_the_documents_word(built_client: httpx.Client, tmp_path: Path) -> None:
    only = ("--include-path-regex", LIVE, "--max-examples", "3", "--seed", "1")
    assert run_schemathesis(built_client, tmp_path, "--phases", "examples,fuzzing", *only) > 8


def test_gap_is_told_with_its_evidence(student: Learner) -> None:
    for _ in range(4):
        student.do("/api/questions/q-hard/submit", is_correct=False, topic_id="kidney")
    (gap,) = student.read("gaps")["gaps"]
    assert (gap["topic_id"], gap["status"]) == ("kidney", "open")
    assert gap["evidence"]
