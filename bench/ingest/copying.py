"""The peer: the same rows by COPY, encoded before the clock starts.

No program stores rows in PostgreSQL faster. Binary, which is a tenth faster here than CSV. By
psycopg, not straight on its libpq: that keeps Python's lock while it waits for the server, so the
two connections would take turns, and the peer be half as fast as it is.
"""

import json
import struct
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from time import perf_counter
from uuid import UUID

import psycopg
from psycopg import sql

from bench.ingest.stream import Event
from bench.ingest.wire import USER_AGENT
from bench.transform.history import COLUMNS
from ingestion.store.database import Role, role_url

CONNECTIONS = 2
_STATEMENT = sql.SQL("copy raw.study_events ({}) from stdin (format binary)").format(
    sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
)
_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
_TRAILER = struct.pack("!h", -1)
_NULL = struct.pack("!i", -1)
_JSONB_VERSION = b"\x01"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# What the service stores of a request of ours.
_CONTEXT = {"ip": "127.0.0.0", "user_agent": USER_AGENT}


def encode_commits(events: Sequence[Event], rows: int) -> list[bytes]:
    """The events as COPY wants them, so many rows a commit, the last one of what is left."""
    received_at = datetime.now(UTC)
    encoded = iter([_encode(event, received_at) for event in events])
    commits = []
    while part := list(islice(encoded, rows)):
        commits.append(_HEADER + b"".join(part) + _TRAILER)
    return commits


def run_copy(url: str, commits: Sequence[bytes]) -> float:
    """Copy the commits over two connections, as the service's role; returns the seconds taken."""
    address = role_url(url, Role.INGEST, application_name="study-bench")
    start = threading.Barrier(CONNECTIONS + 1)

    def work(number: int) -> None:
        # outside of any transaction a statement is one: no round trips for begin and commit
        with psycopg.connect(address, autocommit=True) as connection:
            cursor = connection.cursor()
            start.wait()
            for commit in commits[number::CONNECTIONS]:
                with cursor.copy(_STATEMENT) as copy:
                    copy.write(commit)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        parts = [pool.submit(work, number) for number in range(CONNECTIONS)]
        start.wait()
        began = perf_counter()
        for part in parts:
            part.result()
        return perf_counter() - began


def _encode(event: Event, received_at: datetime) -> bytes:
    occurred_at = _instant(datetime.fromisoformat(event["occurred_at"]))
    fields = (
        UUID(event["event_id"]).bytes,
        event["event_type"].encode(),
        struct.pack("!h", 1),
        UUID(event["user_id"]).bytes,
        UUID(event["session_id"]).bytes if "session_id" in event else None,
        occurred_at,
        occurred_at,
        _instant(received_at),
        *(_text(event.get(name)) for name in COLUMNS[8:12]),
        _jsonb(event.get("properties", {})),
        _jsonb(_CONTEXT),
    )
    parts = (_NULL if field is None else struct.pack("!i", len(field)) + field for field in fields)
    return struct.pack("!h", len(fields)) + b"".join(parts)


def _instant(moment: datetime) -> bytes:
    since = moment - _EPOCH
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return struct.pack("!q", microseconds)


def _text(value: str | None) -> bytes | None:
    return None if value is None else value.encode()


def _jsonb(value: object) -> bytes:
    return _JSONB_VERSION + json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
