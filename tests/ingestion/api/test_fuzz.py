"""Whatever is sent, the service answers with a reason, and a good neighbour lands."""

import json
from collections.abc import Callable
from uuid import uuid4

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Make = Callable[..., dict[str, object]]
BATCH = "/api/analytics/events/batch"
SINGLE = "/api/analytics/events"

text = st.text(st.characters(exclude_categories=()), max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | text | st.just(10**400)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=8,
)
FIELDS = [
    "event_id", "event_type", "user_id", "session_id", "occurred_at", "sent_at", "material_id",
    "chunk_id", "question_id", "topic_id", "properties", "schema_version", "unknown",
]  # fmt: skip
fuzzed = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@fuzzed
@given(
    body=st.binary(max_size=200),
    content_type=st.sampled_from(
        ["application/json", "text/plain", "application/x-www-form-urlencoded"]
    ),
    encoding=st.sampled_from(["identity", "gzip", "br"]),
)
def test_any_bytes_get_an_answer(
    client: httpx.Client, body: bytes, content_type: str, encoding: str
) -> None:
    headers = {"Content-Type": content_type, "Content-Encoding": encoding}
    for route in (BATCH, SINGLE):
        response = client.post(route, content=body, headers=headers)
        assert 400 <= response.status_code < 500 or response.json()["rejected"] == 1


@fuzzed
@given(faults=st.dictionaries(st.sampled_from(FIELDS), values, min_size=1, max_size=3))
def test_any_fault_in_an_event_is_its_own(
    client: httpx.Client, make_event: Make, faults: dict[str, object]
) -> None:
    good = make_event(event_id=str(uuid4()))
    body = json.dumps({"events": [make_event(**faults), good]})
    response = client.post(BATCH, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 200, response.text
    first, second = response.json()["results"]
    assert second["status"] == "accepted"
    assert first["status"] in ("accepted", "rejected", "conflict", "duplicate")
    assert first["status"] != "rejected" or (first["code"] and first["message"])


@fuzzed
@given(document=values)
def test_any_json_gets_an_answer(client: httpx.Client, document: object) -> None:
    content = json.dumps(document)
    for route in (BATCH, SINGLE):
        response = client.post(route, content=content, headers={"Content-Type": "application/json"})
        assert response.status_code in (200, 400, 413, 422), response.text
