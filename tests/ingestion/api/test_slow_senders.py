"""Senders that trickle, swell or never read, over raw sockets: each is let go within its bound."""

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from ingestion.api import IngestionSettings
from tests.ingestion.api.conftest import Serve

BATCH = "/api/analytics/events/batch"
PATIENCE = 10.0
MORE_THAN_BUFFERS = 256_000_000  # bytes; a kernel may take in some dozen MB for a service
Connect = Callable[[], socket.socket]


@pytest.fixture
def client(serve: Serve, shared_database_url: str) -> httpx.Client:
    settings = IngestionSettings(
        database_url=shared_database_url,
        head_seconds=0.3,
        body_seconds=1.0,
        body_idle_seconds=0.3,
        send_seconds=0.3,
        keep_alive_seconds=1,
        max_connections=8,
        max_head_bytes=4096,
    )
    return serve(settings)


@pytest.fixture
def connect(client: httpx.Client) -> Iterator[Connect]:
    with ExitStack() as stack:
        address = (client.base_url.host, client.base_url.port or 0)
        yield lambda: stack.enter_context(socket.create_connection(address, timeout=PATIENCE))


def read_all(connection: socket.socket) -> bytes:
    """All the service says before it closes; fails the test where it does not."""
    said = b""
    try:
        while piece := connection.recv(65536):
            said += piece
    except ConnectionResetError:
        pass
    return said


def trickle(connection: socket.socket, data: bytes, seconds: float) -> bytes:
    """Send a byte now and then until the service has had enough; return what it says."""
    pause = threading.Event()
    connection.settimeout(0)
    try:
        for byte in data:
            connection.send(bytes([byte]))
            pause.wait(seconds)
    except (BrokenPipeError, ConnectionResetError):
        pass
    else:
        raise AssertionError("the service took it all")
    connection.settimeout(PATIENCE)
    return read_all(connection)


def is_cut_off(connection: socket.socket, data: bytes) -> bool:
    """Whether the service ends a connection that sends the same again and again."""
    connection.settimeout(PATIENCE)
    try:
        # More than the buffers of both sides take in: whether it all went in says nothing.
        for _ in range(MORE_THAN_BUFFERS // len(data)):
            connection.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        return True
    except TimeoutError:
        pass
    return False


def head(length: int, *more: str) -> bytes:
    lines = (f"POST {BATCH} HTTP/1.1", "Host: x", f"Content-Length: {length}", *more, "", "")
    return "\r\n".join(lines).encode()


def test_headers_that_trickle_are_cut_off(connect: Connect, client: httpx.Client) -> None:
    said = trickle(connect(), b"GET /healthz HTTP/1.1\r\nX-Slow: " + b"a" * 500, 0.02)
    assert said.startswith(b"HTTP/1.1 408 ") or said == b""
    assert client.get("/healthz").status_code == 200


def test_head_that_stops_is_answered_408(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"POST /x HTTP/1.1\r\nHost:")
    said = read_all(connection)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["error"] == "head_too_slow"


def test_silent_connection_is_closed(connect: Connect) -> None:
    assert read_all(connect()) == b""
    blank = connect()
    blank.sendall(b"\r\n\r\n")
    assert read_all(blank) == b""


def test_body_that_stops_is_answered_408(connect: Connect) -> None:
    connection = connect()
    connection.sendall(head(100) + b'{"events"')
    said = read_all(connection)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["error"] == "body_too_slow"


def test_body_that_trickles_has_a_last_moment(connect: Connect) -> None:
    connection = connect()
    connection.sendall(head(500))
    said = trickle(connection, b" " * 500, 0.05)
    assert said.startswith(b"HTTP/1.1 408 ") or said == b""


def test_rest_of_a_refused_body_is_not_waited_for(connect: Connect) -> None:
    connection = connect()
    connection.sendall(head(10_000_000, "Content-Type: application/xml") + b"x")
    assert read_all(connection).startswith(b"HTTP/1.1 415 ")


@pytest.mark.parametrize(
    "swollen", [b"X: " + b"a" * 5000, b"".join(b"X%d: a\r\n" % number for number in range(900))]
)
def test_head_too_large_is_answered_431(connect: Connect, swollen: bytes) -> None:
    connection = connect()
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + swollen + b"\r\n\r\n")
    said = read_all(connection)
    assert said.startswith(b"HTTP/1.1 431 ")
    assert said.count(b"HTTP/1.1") == 1


def test_head_that_swells_without_end_is_cut_off(connect: Connect) -> None:
    connection = connect()
    assert is_cut_off(connection, b"a" * 10_000)


def test_one_connection_too_many_is_turned_away_and_room_is_made_again(
    connect: Connect, client: httpx.Client
) -> None:
    client.get("/healthz")  # holds one of the eight
    others = [connect() for _ in range(7)]
    said = read_all(connect())
    assert said.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 5" in said
    for other in others:
        assert read_all(other) == b""
    again = connect()
    again.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert read_all(again).startswith(b"HTTP/1.1 200 ")


def test_idle_connection_is_closed(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert read_all(connection).startswith(b"HTTP/1.1 200 ")


def test_answer_nobody_reads_is_dropped(connect: Connect, client: httpx.Client) -> None:
    connection = connect()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    request = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100
    assert is_cut_off(connection, request)
    assert client.get("/healthz").status_code == 200


def test_what_is_no_http_is_answered_400(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    said = read_all(connection)
    assert said.startswith(b"HTTP/1.1 400 ")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["error"] == "malformed_request"


def test_pipelined_requests_are_answered_in_order(connect: Connect) -> None:
    body = gzip.compress(b'{"events": []}')
    connection = connect()
    batch = head(len(body), "Content-Type: application/json", "Content-Encoding: gzip") + body
    last = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    connection.sendall(batch * 3 + last)
    said = read_all(connection)
    assert said.count(b"HTTP/1.1 200") == 4
    assert said.endswith(b'{"status":"ok"}')
