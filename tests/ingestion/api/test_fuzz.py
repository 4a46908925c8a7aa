"""Whatever is sent, the service answers with a reason, and a good neighbour lands.

A hundred of each kind at every run; thousands by `make test-fuzz`, which watches the memory too.
"""

import json
import socket
from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Make = Callable[..., dict[str, object]]
BATCH = "/api/analytics/events/batch"
SINGLE = "/api/analytics/events"
MANY = 3_000
MOST_GROWTH = 64 * 2**20

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
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
fuzzed_long = settings(fuzzed, max_examples=MANY)
any_bytes = given(
    body=st.binary(max_size=200),
    content_type=st.sampled_from(
        ["application/json", "text/plain", "application/x-www-form-urlencoded"]
    ),
    encoding=st.sampled_from(["identity", "gzip", "br"]),
)
any_faults = given(faults=st.dictionaries(st.sampled_from(FIELDS), values, min_size=1, max_size=3))
any_json = given(document=values)
any_stream = given(
    start=st.sampled_from(
        [
            b"",
            b"POST /api/analytics/events HTTP/1.1\r\nHost: x\r\n",
            b"POST /api/analytics/events HTTP/1.1\r\nContent-Length: 20\r\n\r\n",
            b"POST /api/analytics/events HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        ]
    ),
    rest=st.binary(max_size=120),
)


@pytest.fixture
def unswollen(client: httpx.Client) -> Iterator[httpx.Client]:
    """The service, which runs in this process; fails where the memory grew by the requests."""
    for _ in range(200):
        client.post(SINGLE, json={"event_type": "warm"})
    before = psutil.Process().memory_info().rss
    yield client
    assert psutil.Process().memory_info().rss < before + MOST_GROWTH


@fuzzed
@any_bytes
def test_any_bytes_get_an_answer(
    client: httpx.Client, body: bytes, content_type: str, encoding: str
) -> None:
    send_bytes(client, body, content_type, encoding)


@pytest.mark.fuzz
@fuzzed_long
@any_bytes
def test_thousands_of_bytes_get_an_answer(
    unswollen: httpx.Client, body: bytes, content_type: str, encoding: str
) -> None:
    send_bytes(unswollen, body, content_type, encoding)


def send_bytes(client: httpx.Client, body: bytes, content_type: str, encoding: str) -> None:
    headers = {"Content-Type": content_type, "Content-Encoding": encoding}
    for route in (BATCH, SINGLE):
        response = client.post(route, content=body, headers=headers)
        assert 400 <= response.status_code < 500 or response.json()["rejected"] == 1


@fuzzed
@any_faults
def test_any_fault_in_an_event_is_its_own(
    client: httpx.Client, make_event: Make, faults: dict[str, object]
) -> None:
    send_faults(client, make_event, faults)


@pytest.mark.fuzz
@fuzzed_long
@any_faults
def test_thousands_of_faults_are_their_events_own(
    unswollen: httpx.Client, make_event: Make, faults: dict[str, object]
) -> None:
    send_faults(unswollen, make_event, faults)


def send_faults(client: httpx.Client, make_event: Make, faults: dict[str, object]) -> None:
    good = make_event(event_id=str(uuid4()))
    body = json.dumps({"events": [make_event(**faults), good]})
    response = client.post(BATCH, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 200, response.text
    first, second = response.json()["results"]
    assert second["status"] == "accepted"
    assert first["status"] in ("accepted", "rejected", "conflict", "duplicate")
    assert first["status"] != "rejected" or (first["code"] and first["message"])


@fuzzed
@any_json
def test_any_json_gets_an_answer(client: httpx.Client, document: object) -> None:
    send_json(client, document)


@pytest.mark.fuzz
@fuzzed_long
@any_json
def test_thousands_of_jsons_get_an_answer(unswollen: httpx.Client, document: object) -> None:
    send_json(unswollen, document)


def send_json(client: httpx.Client, document: object) -> None:
    content = json.dumps(document)
    for route in (BATCH, SINGLE):
        response = client.post(route, content=content, headers={"Content-Type": "application/json"})
        assert response.status_code in (200, 400, 413, 422), response.text


@fuzzed
@any_stream
def test_any_stream_ends(client: httpx.Client, start: bytes, rest: bytes) -> None:
    send_stream(client, start + rest)


@pytest.mark.fuzz
@fuzzed_long
@any_stream
def test_thousands_of_streams_end(unswollen: httpx.Client, start: bytes, rest: bytes) -> None:
    send_stream(unswollen, start + rest)


def send_stream(client: httpx.Client, data: bytes) -> None:
    """Bytes on a bare socket: whatever is answered is an answer, and no 5xx."""
    address = (client.base_url.host, client.base_url.port or 0)
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        said = b""
        try:
            while piece := connection.recv(65536):
                said += piece
        except ConnectionResetError:
            pass
    assert said == b"" or said.startswith(b"HTTP/1.1 ")
    assert not said.startswith(b"HTTP/1.1 5")
