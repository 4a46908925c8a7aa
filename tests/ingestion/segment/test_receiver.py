"""Segment's routes over real HTTP: keys, bodies, verdicts, books, dead letters."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from ingestion.api.app import create_app
from ingestion.api.settings import IngestionSettings
from tests.ingestion.segment.conftest import KEY, Serve
from tests.ingestion.segment.messages import LEARNER, page, track

Query = Callable[[str], list[dict[str, Any]]]


def batch(*messages: object, **fields: object) -> dict[str, object]:
    return {"batch": list(messages), **fields}


def codes(answer: httpx.Response) -> list[str | None]:
    return [result.get("code") for result in answer.json()["results"]]


def test_batch_lands_what_is_mapped_and_tells_of_the_rest(
    client: httpx.Client, query: Query
) -> None:
    messages = [
        track(),
        track("Lecture Watched"),
        page("Topic", topicId="cardiology"),
        page("Home"),
        track(type="identify", traits={"email": "jane@example.org"}),
        track(userId="jane@example.org"),
        7,
    ]
    answer = client.post("/v1/batch", json=batch(*messages, writeKey=KEY))
    assert answer.status_code == 200
    told = answer.json()
    assert told["success"] is True
    assert (told["accepted"], told["rejected"]) == (2, 5)
    unmapped = "unmapped_event"
    assert codes(answer) == [
        *(None, unmapped, None, unmapped, "private_traits", "invalid_value", "not_an_object")
    ]
    assert told["results"][0]["client_event_id"] == messages[0]["messageId"]  # type: ignore[index]
    assert told["results"][5]["path"] == "userId"
    stored = query("select event_type, context from raw.study_events order by event_type")
    assert [row["event_type"] for row in stored] == ["question_submit", "topic_explored"]
    assert stored[0]["context"]["protocol"] == "segment"
    (books,) = query("select received, accepted, rejected from raw.landings")
    assert books == {"received": 7, "accepted": 2, "rejected": 5}
    kept = str(query("select * from raw.failed_events"))
    assert not [word for word in ("jane", "203.0.113", "anonymousId") if word in kept]


def test_verdicts_are_counted(serve: Serve) -> None:
    url = serve()
    messages = batch(track(), track(type="identify", traits={"phone": "1"}), writeKey=KEY)
    httpx.post(f"{url}/v1/batch", json=messages)
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    assert 'study_events_accepted_total{event_type="question_submit"} 1.0' in lines
    assert 'study_refused_events_total{code="private_traits"} 1.0' in lines
    assert "study_events_received_total 2.0" in lines
    assert 'study_requests_total{method="POST",route="/v1/batch",status="200"} 1.0' in lines


def test_same_message_again_is_a_duplicate_whenever_it_was_sent(
    client: httpx.Client, query: Query
) -> None:
    message = track()
    for fate in ("accepted", "duplicate"):
        sent_at = datetime.now(UTC).isoformat()
        answer = client.post("/v1/batch", json=batch(message, sentAt=sent_at))
        assert answer.json()["results"][0]["status"] == fate
    assert client.post("/v1/track", json=message).json()["duplicate"] == 1
    other = message | {"properties": message["properties"] | {"isCorrect": False}}
    assert client.post("/v1/track", json=other).json()["conflict"] == 1
    (stored,) = query("select occurred_at - original_occurred_at as shift from raw.study_events")
    assert timedelta() <= stored["shift"] < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("path", "message", "code"),
    [
        ("/v1/track", track(), None),
        ("/v1/t", track(), None),
        ("/v1/page", page("Topic", topicId="x"), None),
        ("/v1/screen", page("Topic", topicId="x") | {"type": "screen"}, None),
        ("/v1/identify", {"userId": LEARNER, "traits": {"plan": "free"}}, "traits_not_stored"),
        ("/v1/group", {"userId": LEARNER, "groupId": "x"}, "traits_not_stored"),
        ("/v1/alias", {"userId": LEARNER, "previousId": "x"}, "traits_not_stored"),
        ("/v1/b", {"batch": [track()]}, None),
        ("/v1/import", {"batch": [track()]}, None),
    ],
)
def test_each_call_has_its_route(
    client: httpx.Client, path: str, message: object, code: str | None
) -> None:
    answer = client.post(path, json=message)
    assert answer.status_code == 200
    assert codes(answer) == [code]


def test_same_identify_is_kept_once(client: httpx.Client, query: Query) -> None:
    for _ in range(3):
        answer = client.post("/v1/identify", json=track(type="identify", traits={"a": "b"}))
        assert answer.json()["rejected"] == 1
    (kept,) = query("select payload from raw.failed_events")
    assert kept["payload"] == {"type": "identify", "userId": LEARNER}
    (books,) = query("select sum(received) as came, sum(rejected) as went from raw.landings")
    assert books == {"came": 3, "went": 3}


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "x"])
@pytest.mark.parametrize("zipped", [False, True])
def test_content_type_is_not_looked_at(
    client: httpx.Client, media_type: str, *, zipped: bool
) -> None:
    body = json.dumps(batch(track())).encode()
    answer = client.post(
        "/v1/batch",
        content=gzip.compress(body) if zipped else body,
        headers={"Content-Type": media_type} | ({"Content-Encoding": "gzip"} if zipped else {}),
    )
    assert answer.json()["accepted"] == 1


def test_key_may_be_in_the_body(serve: Serve) -> None:
    url = serve()
    assert httpx.post(f"{url}/v1/b", json=batch(track(), writeKey=KEY)).json()["accepted"] == 1
    assert httpx.post(f"{url}/v1/t", json=track(writeKey=KEY)).json()["accepted"] == 1
    for wrong in ({"writeKey": "guess"}, {"writeKey": 7}, {}):
        answer = httpx.post(f"{url}/v1/b", json=batch(track(), **wrong))
        assert (answer.status_code, answer.json()["error"]) == (401, "unknown_write_key")
    shown = httpx.post(f"{url}/v1/b", json=batch(track(), writeKey=KEY), auth=("guess", ""))
    assert shown.status_code == 401  # what the header shows counts


def test_stranger_is_not_read_without_end(serve: Serve) -> None:
    url = serve()
    large = batch(*(track() for _ in range(1000)), writeKey=KEY)
    assert httpx.post(f"{url}/v1/b", json=large).status_code == 413
    assert httpx.post(f"{url}/v1/b", json=large, auth=(KEY, "")).status_code == 200


def test_guesses_in_bodies_are_counted_with_the_others(serve: Serve) -> None:
    url = serve(failed_logins_per_minute=4)
    answers = [httpx.post(f"{url}/v1/b", json={"writeKey": f"guess {n}"}) for n in range(4)]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert answers[-1].headers["Retry-After"]


@pytest.mark.parametrize(
    ("path", "content", "status", "error"),
    [
        ("/v1/batch", b"{", 400, "malformed_json"),
        ("/v1/batch", b"[]", 422, "not_a_batch"),
        ("/v1/batch", b"{}", 422, "not_a_batch"),
        ("/v1/batch", b'{"batch": [], "sentAt": "now"}', 422, "not_a_batch"),
        ("/v1/track", b"7", 422, "not_a_batch"),
        ("/v1/batch", b'{"batch": [' + b"1," * 1000 + b"1]}", 413, "too_many_events"),
        ("/v1/batch", b"[" * 70 + b"]" * 70, 400, "nested_too_deeply"),
        ("/v1/batch", b" " * (4 * 1024 * 1024 + 1), 413, "body_too_large"),
    ],
)
def test_body_that_is_no_call_is_refused_whole(
    client: httpx.Client, path: str, content: bytes, status: int, error: str
) -> None:
    answer = client.post(path, content=content)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_bomb_is_not_inflated(client: httpx.Client) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    answer = client.post("/v1/batch", content=bomb, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 413


def test_over_the_limit_is_told_when_to_come_again(serve: Serve) -> None:
    url = serve(events_per_second=1)
    large = batch(*(track() for _ in range(200)), writeKey=KEY)
    statuses = [httpx.post(f"{url}/v1/b", json=large) for _ in range(2)]
    assert statuses[-1].status_code == 429
    assert int(statuses[-1].headers["Retry-After"]) > 0


def test_without_keys_this_machine_alone_may_send(serve: Serve) -> None:
    url = serve(write_keys=())
    assert httpx.post(f"{url}/v1/b", json=batch(track(), writeKey="any")).json()["accepted"] == 1
    for headers in ({"Origin": "https://evil.example"}, {"X-Forwarded-For": "203.0.113.9"}):
        assert httpx.post(f"{url}/v1/b", json=batch(track()), headers=headers).status_code == 403


def test_page_of_another_origin_may_send_as_sdks_do(serve: Serve) -> None:
    url, origin = serve(cors_origins=("https://app.example",)), "https://app.example"
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "anonymousid,authorization,content-type,sentat",
    }
    answer = httpx.options(f"{url}/v1/b", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == origin
    sent = httpx.post(f"{url}/v1/b", json=batch(track(), writeKey=KEY), headers={"Origin": origin})
    assert sent.json()["accepted"] == 1
    assert sent.headers["access-control-allow-origin"] == origin
    config = httpx.get(f"{url}/sourceConfig", auth=(KEY, ""), headers={"Origin": origin})
    assert config.headers["access-control-allow-origin"] == origin


def test_source_config_needs_the_key(client: httpx.Client) -> None:
    for path in ("/sourceConfig", "/sourceConfig/?p=npm&v=3.34.1&writeKey=x"):
        answer = client.get(path)
        assert answer.json()["source"]["destinations"] == []
        assert client.get(path, auth=None).status_code == 401


def test_names_of_the_operator_are_mapped(serve: Serve, rules: object) -> None:
    url = serve(segment_rules=rules)
    message = track("Lecture Watched", properties={"lectureId": "l1", "watched": 30})
    answer = httpx.post(f"{url}/v1/track", json=message, auth=(KEY, ""))
    assert answer.json()["accepted"] == 1


def test_examples_of_the_document_land(client: httpx.Client) -> None:
    app = create_app(IngestionSettings(database_url="postgresql://unused"))
    tried = 0
    for path, item in app.openapi()["paths"].items():
        if not path.startswith("/v1/"):
            continue
        content = item["post"]["requestBody"]["content"]["application/json"]
        for example in content["examples"].values():
            answer = client.post(path, json=example["value"])
            expected = {None, "occurred_at_out_of_range", "private_traits", "traits_not_stored"}
            assert set(codes(answer)) <= expected, (path, answer.text)
            tried += 1
    assert tried == 7
