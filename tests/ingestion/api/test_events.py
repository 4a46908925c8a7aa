"""Events over HTTP: verdicts, identity, and everything that can be wrong with a request."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest

Make = Callable[..., dict[str, object]]
BATCH = "/api/analytics/events/batch"
SINGLE = "/api/analytics/events"


def landed(database: psycopg.Connection) -> int:
    row = database.execute("select count(*) from raw.study_events").fetchone()
    assert row is not None
    return int(row[0])


def statuses(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [result["status"] for result in response.json()["results"]]


def test_batch_answers_with_a_verdict_for_each_event(
    client: httpx.Client, database: psycopg.Connection, make_event: Make
) -> None:
    first, second = make_event(), make_event()
    changed = first | {"topic_id": "nephrology"}
    response = client.post(BATCH, json={"events": [first, {"event_type": "nope"}, second, first]})
    assert statuses(response) == ["accepted", "rejected", "accepted", "duplicate"]
    answer = response.json()
    assert {key: answer[key] for key in ("accepted", "duplicate", "rejected", "conflict")} == {
        "accepted": 2,
        "duplicate": 1,
        "rejected": 1,
        "conflict": 0,
    }
    assert [result["index"] for result in answer["results"]] == [0, 1, 2, 3]
    assert answer["results"][1]["code"] == "unknown_event_type"
    assert answer["results"][0]["client_event_id"] == first["event_id"]
    assert landed(database) == 2

    again = client.post(BATCH, json={"events": [second, changed]})
    assert statuses(again) == ["duplicate", "conflict"]
    assert landed(database) == 2
    kept = database.execute(
        "select kind, payload ->> 'topic_id' from raw.failed_events order by kind"
    ).fetchall()
    assert kept == [("conflict", "nephrology"), ("rejected", None)]


def test_single_event_and_batch_are_both_taken_by_the_events_route(
    client: httpx.Client, make_event: Make
) -> None:
    assert statuses(client.post(SINGLE, json=make_event())) == ["accepted"]
    assert statuses(client.post(SINGLE, json={"events": [make_event()]})) == ["accepted"]
    assert statuses(client.post(BATCH, json={"events": []})) == []


def test_acknowledged_event_is_stored_whole(
    client: httpx.Client, database: psycopg.Connection, make_event: Make
) -> None:
    event = make_event()
    client.post(BATCH, json={"events": [event]}, headers={"User-Agent": "app/1"})
    row = database.execute(
        "select client_event_id, event_type, user_id::text, session_id::text, question_id,"
        " topic_id, properties, context, ingest_xid is not null from raw.study_events"
    ).fetchone()
    assert row == (
        event["event_id"],
        "question_submit",
        event["user_id"],
        event["session_id"],
        "q5012",
        "cardiology",
        event["properties"],
        {"ip": "127.0.0.0", "user_agent": "app/1"},
        True,
    )


def test_clock_skew_is_taken_out_by_sent_at_and_a_retry_is_still_a_duplicate(
    client: httpx.Client, database: psycopg.Connection, make_event: Make
) -> None:
    slow = datetime.now(UTC) - timedelta(days=40)
    event = make_event(occurred_at=slow.isoformat())
    for later in (2, 5):
        sent_at = (slow + timedelta(seconds=later)).isoformat()
        client.post(BATCH, json={"events": [event], "sent_at": sent_at})
    row = database.execute(
        "select received_at - occurred_at, original_occurred_at from raw.study_events"
    ).fetchall()
    assert row == [(timedelta(seconds=2), slow)]


def test_same_event_in_another_spelling_is_a_duplicate(
    client: httpx.Client, make_event: Make
) -> None:
    occurred_at = datetime.now(UTC).replace(microsecond=123_456)
    event = make_event(occurred_at=occurred_at.isoformat())
    other = event | {
        "user_id": str(event["user_id"]).upper(),
        "occurred_at": occurred_at.isoformat().replace("456+00:00", "Z"),
        "properties": {"time_to_answer_seconds": 45.0, "is_correct": True},
    }
    assert statuses(client.post(BATCH, json={"events": [event, other]})) == [
        "accepted",
        "duplicate",
    ]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"event_type": "question_answered"}, "unknown_event_type"),
        ({"user_id": 7}, "wrong_type"),
        ({"user_id": "not a uuid"}, "invalid_value"),
        ({"properties": {"is_correct": "yes"}}, "wrong_type"),
        ({"properties": {"is_correct": True, "time_to_answer_seconds": -1}}, "out_of_range"),
        ({"properties": {"is_correct": True, "email": "a@b.c"}}, "unknown_property"),
        ({"properties": {}}, "missing_field"),
        ({"surname": "Doe"}, "unknown_field"),
        ({"question_id": "q\u0000"}, "unstorable_text"),
        ({"question_id": "q\ud800"}, "unstorable_text"),
        (
            {"properties": {"is_correct": True, "time_to_answer_seconds": float("nan")}},
            "not_finite",
        ),
        ({"occurred_at": "9999-12-31T23:59:59-12:00"}, "occurred_at_out_of_range"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at_out_of_range"),
        ({"occurred_at": "2015-03-01T00:00:00Z"}, "occurred_at_out_of_range"),
        ({"occurred_at": None}, "occurred_at_required"),
        ({"schema_version": 99}, "unsupported_schema_version"),
    ],
)
def test_bad_event_is_rejected_by_name_and_its_neighbours_land(
    client: httpx.Client,
    database: psycopg.Connection,
    make_event: Make,
    fault: dict[str, object],
    code: str,
) -> None:
    events = [make_event(), make_event(**fault), make_event()]
    response = client.post(
        BATCH, content=json.dumps({"events": events}), headers={"Content-Type": "application/json"}
    )
    assert statuses(response) == ["accepted", "rejected", "accepted"]
    assert response.json()["results"][1]["code"] == code
    assert landed(database) == 2
    kept = database.execute("select kind, code from raw.failed_events").fetchall()
    assert kept == [("rejected", code)]


@pytest.mark.parametrize("event", [None, 1, "event", [], {}, [[[]]], {"properties": {"a": {}}}])
def test_what_is_no_event_is_rejected(
    client: httpx.Client, make_event: Make, event: object
) -> None:
    response = client.post(BATCH, json={"events": [event, make_event()]})
    assert statuses(response) == ["rejected", "accepted"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "error"),
    [
        (b'{"events": [', {}, 400, "malformed_json"),
        (b"", {}, 400, "malformed_json"),
        (b'{"events": ["\xff"]}', {}, 400, "malformed_json"),
        (b"[" * 100_000, {}, 400, "nested_too_deeply"),
        (
            b'{"events": [{"properties": ' + b'{"a":' * 61 + b"1" + b"}" * 65,
            {},
            400,
            "malformed_json",
        ),
        (b"[]", {}, 422, "not_a_batch"),
        (b"null", {}, 422, "not_a_batch"),
        (b'{"events": {}}', {}, 422, "not_a_batch"),
        (b'{"events": [], "writeKey": 1}', {}, 422, "not_a_batch"),
        (b'{"events": [], "sent_at": "yesterday"}', {}, 422, "not_a_batch"),
        (b'{"events": [], "sent_at": 5}', {}, 422, "not_a_batch"),
        (b'{"events": [' + b"1," * 1000 + b"1]}", {}, 413, "too_many_events"),
        (b" " * (10 * 1024 * 1024), {}, 413, "body_too_large"),
        (
            gzip.compress(b" " * 20_000_000, mtime=0),
            {"Content-Encoding": "gzip"},
            413,
            "body_too_large",
        ),
        (b"plain", {"Content-Encoding": "gzip"}, 400, "malformed_gzip"),
        (gzip.compress(b"{}", mtime=0)[:-9], {"Content-Encoding": "gzip"}, 400, "malformed_gzip"),
        (b"{}", {"Content-Encoding": "br"}, 415, "unsupported_encoding"),
        (b"{}", {"Content-Type": "application/xml"}, 415, "unsupported_media_type"),
    ],
)
def test_bad_request_is_refused_with_a_reason(
    client: httpx.Client, body: bytes, headers: dict[str, str], status: int, error: str
) -> None:
    response = client.post(BATCH, content=body, headers=headers)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert response.json()["message"]
    assert client.get("/healthz").status_code == 200


def test_gzipped_batch_is_taken(client: httpx.Client, make_event: Make) -> None:
    body = gzip.compress(json.dumps({"events": [make_event()]}).encode())
    response = client.post(BATCH, content=body, headers={"Content-Encoding": "gzip"})
    assert statuses(response) == ["accepted"]


def test_retry_storm_of_a_bad_event_keeps_one_dead_letter(
    client: httpx.Client, database: psycopg.Connection, make_event: Make
) -> None:
    bad = make_event(topic_id=7)
    for _ in range(3):
        assert statuses(client.post(SINGLE, json=bad)) == ["rejected"]
    assert database.execute("select count(*) from raw.failed_events").fetchone() == (1,)


def test_openapi_documents_bodies_and_resolves(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in schemas
    assert "EventBatch" in schemas
