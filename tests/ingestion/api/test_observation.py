"""What is counted and logged of requests, and what never is."""

import gzip
import json
import re
from collections.abc import Callable

import httpx
import psycopg
import pytest

from ingestion.api import IngestionSettings
from tests.ingestion.api.conftest import Serve

Make = Callable[..., dict[str, object]]
BATCH = "/api/analytics/events/batch"
SINGLE = "/api/analytics/events"


def counters(client: httpx.Client) -> dict[str, float]:
    text = client.get("/metrics").text
    return {
        name: float(value)
        for name, value in re.findall(r"^([a-z][^ ]*) ([^ ]+)$", text, re.MULTILINE)
    }


def total(counted: dict[str, float], name: str) -> float:
    return sum(value for key, value in counted.items() if key.partition("{")[0] == name)


def test_received_is_the_sum_of_the_verdicts(
    serve: Serve, database_url: str, make_event: Make
) -> None:
    client = serve(IngestionSettings(database_url=database_url))
    event = make_event()
    changed = event | {"topic_id": "other"}
    client.post(BATCH, json={"events": [event, event, {"event_type": "a@b.c"}, 7]})
    client.post(SINGLE, json=changed)
    client.post(BATCH, content=b"{")
    counted = counters(client)
    assert counted["study_events_received_total"] == 5
    verdicts = {
        verdict: total(counted, f"study_events_{verdict}_total")
        for verdict in ("accepted", "duplicate", "rejected", "conflict")
    }
    assert verdicts == {"accepted": 1, "duplicate": 1, "rejected": 2, "conflict": 1}
    assert counted['study_events_accepted_total{event_type="question_submit"}'] == 1
    assert counted['study_events_rejected_total{event_type="(unknown)"}'] == 2
    assert counted['study_refused_events_total{code="unknown_event_type"}'] == 1
    assert counted["study_batch_events_count"] == 2
    assert counted["study_event_lag_seconds_count"] == 2
    ok = f'{{method="POST",route="{BATCH}",status="200"}}'
    assert counted[f"study_requests_total{ok}"] == 1
    assert counted[f"study_requests_total{ok.replace('200', '400')}"] == 1


def test_labels_are_bounded_whatever_is_asked(client: httpx.Client) -> None:
    def ask(methods: tuple[str, ...], word: str) -> None:
        for method in methods:
            client.request(method, f"/{word}/{method}")
            client.request(method, "/healthz")
            client.post(SINGLE, json={"event_type": f"{word} {method}"})

    ask(("PROPFIND", "SEARCH"), "one")
    counters(client)  # the first look is a request, too
    names = counters(client).keys()
    ask(("LINK", "REPORT", "MKCOL"), "two")
    assert counters(client).keys() == names


def test_lost_database_is_counted(serve: Serve, make_event: Make) -> None:
    url = "postgresql://study:x@127.0.0.1:1/study"
    client = serve(
        IngestionSettings(database_url=url, write_keys=("key",), pool_timeout_seconds=0.1)
    )
    client.post(BATCH, json={"events": [make_event()]}, headers={"Authorization": "Bearer key"})
    assert total(counters(client), "study_database_errors_total") == 1


def test_metrics_are_for_this_machine_or_a_key(serve: Serve, database_url: str) -> None:
    client = serve(IngestionSettings(database_url=database_url, write_keys=("key",)))
    assert client.get("/metrics").status_code == 200
    forwarded = {"X-Forwarded-For": "127.0.0.1"}
    assert client.get("/metrics", headers=forwarded).status_code == 401
    keyed = forwarded | {"Authorization": "Bearer key"}
    assert client.get("/metrics", headers=keyed).status_code == 200


@pytest.mark.parametrize(
    "sane", ["7b5de3c9-2ac8-4c0c-8b3d-5b9b5f1b0c11", "7b5de3c92ac84c0c8b3d5b9b5f1b0c11", "AF" * 16]
)
def test_sane_request_id_is_echoed(client: httpx.Client, sane: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": sane})
    assert answer.headers["x-request-id"] == sane


@pytest.mark.parametrize("given", ["", "jane.doe", "078-05-1120", "a" * 33, "4111111111111111"])
def test_other_request_id_is_replaced(client: httpx.Client, given: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": given})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


def test_unknown_route_and_method_are_refused_in_the_shape_of_all(client: httpx.Client) -> None:
    lost = client.get("/nowhere")
    assert (lost.status_code, lost.json()["error"]) == (404, "not_found")
    wrong = client.delete(BATCH)
    assert (wrong.status_code, wrong.json()["error"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"


def test_logs_hold_nothing_that_was_sent(
    serve: Serve, database_url: str, make_event: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    """Markers in every place a sender can write to; the log knows none of them."""
    settings = IngestionSettings(
        database_url=database_url, write_keys=("web:private-key",), log_level="debug"
    )
    client = serve(settings)
    key = {"Authorization": "Bearer private-key"}
    for headers in (
        key,
        {"Authorization": "Bearer private-guess"},
        key | {"X-Request-Id": "private-id", "X-Forwarded-For": "203.0.113.77"},
        key | {"User-Agent": "private-agent", "Cookie": "private-cookie", "Private-Name": "1"},
        key | {"Content-Type": "private/type", "Origin": "https://private.example"},
    ):
        event = make_event(**{"topic_id": "private-topic", "private-field": "private-value"})
        bodies = (
            json.dumps({"events": [event, make_event(user_id="private-user"), "private-text"]}),
            '{"private-json": ',
            '"private-string"',
        )
        for body in bodies:
            client.post(f"{BATCH}?query=private-query", content=body, headers=headers)
            client.post(SINGLE, content=gzip.compress(body.encode()), headers=headers)
        client.request("PROPFIND", "/private-path", headers=headers)
    with psycopg.connect(database_url, autocommit=True) as database:
        database.execute("alter table raw.study_events rename column topic_id to private_column")
        lost = {"events": [make_event(topic_id="private-topic")]}
        assert client.post(BATCH, json=lost, headers=key).status_code == 500
        database.execute("alter table raw.study_events rename column private_column to topic_id")
    log = capfd.readouterr().err
    lines = [json.loads(line) for line in log.splitlines()]
    assert "private" not in log.lower()
    assert "203.0.113" not in log
    assert "127.0.0.1" not in log
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) >= 36
    assert {line["writer"] for line in requests if "writer" in line} == {"web"}
    (failed,) = [line for line in lines if line["event"] == "request_failed"]
    assert failed["error"] == "UndefinedColumn"
    assert failed["request_id"] == requests[-1]["request_id"]


def test_bug_is_a_500_in_the_shape_of_all(
    serve: Serve, database_url: str, make_event: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("private")

    monkeypatch.setattr("ingestion.api.routers.events.account_batch", fail)
    client = serve(IngestionSettings(database_url=database_url))
    answer = client.post(SINGLE, json=make_event())
    assert answer.status_code == 500
    assert answer.json()["error"] == "internal_error"
    assert answer.headers["x-request-id"] in answer.json()["message"]
    assert "private" not in answer.text
