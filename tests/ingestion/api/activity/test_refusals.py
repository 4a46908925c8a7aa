"""Whatever is wrong with a request is said by name, and nothing of it is stored."""

import gzip
import re
from collections.abc import Callable

import httpx
import psycopg
import pytest

from tests.ingestion.api.activity.conftest import Learner

Refuse = Callable[..., tuple[int, str, str]]
SUBMIT = "/api/questions/q1/submit"


@pytest.mark.parametrize(
    ("path", "body", "code", "words"),
    [
        (SUBMIT, {"answre": "A"}, "unknown_field", "`answre` .* did you mean answer"),
        (SUBMIT, {"question_id": "q2"}, "unknown_field", "`question_id` stands in the path"),
        (SUBMIT, {"attempt_number": 3}, "unknown_field", "`attempt_number` is computed"),
        (SUBMIT, {"is_first_attempt": True}, "unknown_field", "is computed"),
        ("/api/questions/q1/view", {"is_first_view": True}, "unknown_field", "is computed"),
        ("/api/gamification/checkin", {"new_streak": 900}, "unknown_field", "is computed"),
        (SUBMIT, {"time_spent": "45"}, "wrong_type", "`time_spent` must be a number"),
        (SUBMIT, {"confidence": 6}, "out_of_range", "`confidence` must be at most 5"),
        (SUBMIT, {"time_spent": -1}, "out_of_range", "`time_spent` must be at least 0"),
        (
            SUBMIT,
            {"answer": "A", "selected_answer": "A"},
            "invalid_value",
            "`answer` says the same",
        ),
        (SUBMIT, {"answer": "A"}, "correctness_unknown", "PUT /api/questions"),
        (SUBMIT, {}, "correctness_unknown", "`is_correct` cannot be computed"),
        (SUBMIT, {"is_correct": True, "session_id": "s1"}, "invalid_value", "`session_id` must be"),
        (SUBMIT, {"is_correct": True, "occurred_at": "now"}, "invalid_value", "`occurred_at`"),
        (SUBMIT, {"is_correct": True, "timezone": "Mars/Base"}, "invalid_value", "`timezone`"),
        (SUBMIT, {"is_correct": True, "answer": "a\0b"}, "unstorable_text", "`answer` holds a NUL"),
        (SUBMIT, {"is_correct": True, "topic_id": "a@b.org"}, "private_data", "`topic_id` holds"),
        (SUBMIT, {"is_correct": True, "event_id": ""}, "out_of_range", "`event_id`"),
        ("/api/materials/a%40b.org/open", {}, "private_data", "`material_id` holds"),
        (f"/api/materials/{'m' * 129}/open", {}, "out_of_range", "`material_id` must have at most"),
        ("/api/materials/m/read", {}, "missing_field", "`time_spent_seconds` is required"),
        ("/api/materials/m/annotations", {}, "missing_field", "`annotation_type` is required"),
        ("/api/materials/m/annotations", {"annotation_type": "x"}, "invalid_value", "highlight"),
        ("/api/ai-coach/feedback", {}, "missing_field", "`thumbs` is required"),
        ("/api/ai-coach/feedback", {"rating": 3}, "missing_field", "says neither"),
        ("/api/ai-coach/feedback", {"thumbs": "sideways"}, "invalid_value", "'up' or 'down'"),
        ("/api/sessions/nope/end", {}, "invalid_value", "`session_id` must be a UUID"),
        ("/api/sessions/start", {"device_type": "fridge"}, "invalid_value", "`device_type`"),
        ("/api/ai-coach/ask", {"question": 7}, "wrong_type", "`question` must be a string"),
        ("/api/search", {"q": "x", "result_count": 1.5}, "wrong_type", "whole number"),
    ],
)
def test_wrong_field_is_named(
    *,
    refuse: Refuse,
    database: psycopg.Connection,
    path: str,
    body: dict[str, object],
    code: str,
    words: str,
) -> None:
    status, told, message = refuse(path, **body)
    assert (status, told) == (422, code), message
    assert re.search(words, message), message
    stored = database.execute("select count(*) from raw.study_events").fetchone()
    assert stored == (0,)


@pytest.mark.parametrize("occurred_at", ["1999-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_time_without_a_month_is_kept_as_a_dead_letter(
    refuse: Refuse, database: psycopg.Connection, occurred_at: str
) -> None:
    status, code, _ = refuse(SUBMIT, is_correct=True, occurred_at=occurred_at)
    assert (status, code) == (422, "occurred_at_out_of_range")
    letters = database.execute("select code, event_type from raw.failed_events").fetchall()
    assert letters == [("occurred_at_out_of_range", "question_submit")]
    assert database.execute("select count(*) from raw.study_events").fetchone() == (0,)


def test_request_without_a_learner_is_refused(client: httpx.Client) -> None:
    response = client.post("/api/sessions/start")
    assert (response.status_code, response.json()["error"]) == (422, "missing_field")
    assert "X-User-Id" in response.json()["message"]


@pytest.mark.parametrize(
    ("header", "body"),
    [("somebody", None), (None, "somebody"), ("6f1c2b9e-4a53-4e0c-9d55-0b8f6a1f7c21", "other")],
)
def test_learner_who_is_not_one_is_refused(
    client: httpx.Client, header: str | None, body: str | None
) -> None:
    other = "7b5de3c9-2ac8-4c0c-8b3d-5b9b5f1b0c11" if body == "other" else body
    response = client.post(
        "/api/sessions/start",
        json={} if other is None else {"user_id": other},
        headers={} if header is None else {"X-User-Id": header},
    )
    assert (response.status_code, response.json()["error"]) == (422, "invalid_value")
    assert "somebody" not in response.text


def test_two_ids_for_one_request_are_refused(learner: Learner) -> None:
    response = learner.client.post(
        "/api/sessions/start",
        json={"event_id": "one"},
        headers={"X-User-Id": learner.user_id, "Idempotency-Key": "two"},
    )
    assert (response.status_code, response.json()["error"]) == (422, "invalid_value")


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"{", {}, 400, "malformed_json"),
        (b"[]", {}, 422, "not_an_object"),
        (b"[" * 70 + b"]" * 70, {}, 400, "nested_too_deeply"),
        (b"{}", {"Content-Type": "text/html"}, 415, "unsupported_media_type"),
        (b"{}", {"Content-Encoding": "br"}, 415, "unsupported_encoding"),
        (b"{}", {"Content-Encoding": "gzip"}, 400, "malformed_gzip"),
        (b" " * 300_000, {}, 413, "body_too_large"),
        (gzip.compress(b" " * 300_000), {"Content-Encoding": "gzip"}, 413, "body_too_large"),
    ],
)
def test_body_that_is_none_is_refused(
    learner: Learner, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    sent = {"Content-Type": "application/json", "X-User-Id": learner.user_id} | headers
    response = learner.client.post("/api/sessions/start", content=content, headers=sent)
    assert (response.status_code, response.json()["error"]) == (status, code)


def test_gzipped_body_is_read(learner: Learner) -> None:
    response = learner.client.post(
        SUBMIT,
        content=gzip.compress(b'{"is_correct": true}'),
        headers={"Content-Encoding": "gzip", "X-User-Id": learner.user_id},
    )
    assert response.json()["properties"]["is_correct"] is True


@pytest.mark.parametrize("what", ["sessions", "mastery", "gaps", "stats"])
def test_reads_before_the_first_load_say_what_to_do(learner: Learner, what: str) -> None:
    response = learner.client.get(f"/api/users/{learner.user_id}/{what}")
    assert (response.status_code, response.json()["error"]) == (503, "not_materialized")
    assert "study materialize" in response.json()["message"]
    assert response.headers["retry-after"]
