"""The service on a real socket, in this process."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import psycopg
import pytest

from ingestion.api import IngestionSettings
from ingestion.api.server import build_server
from tests.ingestion.serving import running

Serve = Callable[[IngestionSettings], httpx.Client]


@contextmanager
def served(settings: IngestionSettings) -> Iterator[httpx.Client]:
    server = build_server(settings, host="127.0.0.1", port=0)
    with running(server) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a service with given settings; all are stopped at the end of the test."""
    with ExitStack() as stack:
        yield lambda settings: stack.enter_context(served(settings))


@pytest.fixture(scope="module")
def shared_client(shared_database_url: str) -> Iterator[httpx.Client]:
    with served(IngestionSettings(database_url=shared_database_url)) as client:
        yield client


@pytest.fixture
def database(shared_database_url: str) -> Iterator[psycopg.Connection]:
    """An administrator's connection to the module's database, emptied of events."""
    with psycopg.connect(shared_database_url, autocommit=True) as connection:
        connection.execute("truncate raw.study_events, raw.failed_events")
        yield connection


@pytest.fixture
def client(shared_client: httpx.Client, database: psycopg.Connection) -> httpx.Client:
    """A service on that database."""
    assert not database.closed
    return shared_client


@pytest.fixture
def make_event() -> Callable[..., dict[str, object]]:
    """A valid event of now; give fields to make it another."""

    def make(**fields: object) -> dict[str, object]:
        return {
            "event_id": str(uuid4()),
            "event_type": "question_submit",
            "user_id": "7b5de3c9-2ac8-4c0c-8b3d-5b9b5f1b0c11",
            "session_id": "0d1f4a3e-94a6-4f2f-8a34-4a1a59f1f0aa",
            "question_id": "q5012",
            "topic_id": "cardiology",
            "occurred_at": datetime.now(UTC).isoformat(),
            "properties": {"is_correct": True, "time_to_answer_seconds": 45},
        } | fields

    return make
