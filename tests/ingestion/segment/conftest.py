"""The service on a real socket, with a key, before a database of the module's."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from ingestion.api import IngestionSettings
from ingestion.api.server import build_server
from tests.ingestion.clients.serving import served
from tests.ingestion.segment.installing import install_sdks
from tests.ingestion.segment.watch import Watch
from tests.ingestion.serving import running

KEY = "key-of-the-sdk"

Serve = Callable[..., str]


@contextmanager
def _served(database_url: str, **options: Any) -> Iterator[str]:
    settings = IngestionSettings(database_url=database_url, **{"write_keys": (KEY,), **options})
    with running(build_server(settings, host="127.0.0.1", port=0)) as url:
        yield url


@pytest.fixture(scope="module")
def shared_url(shared_database_url: str) -> Iterator[str]:
    """One service for a module; what it has counted is of all its tests."""
    with _served(shared_database_url) as url:
        yield url


@pytest.fixture
def database_url(shared_database_url: str) -> str:
    """The module's database, emptied of all that was received."""
    with psycopg.connect(shared_database_url) as connection:
        connection.execute(
            "truncate raw.study_events, raw.failed_events, raw.landings, raw.replays"
        )
    return shared_database_url


@pytest.fixture
def serve(database_url: str) -> Iterator[Serve]:
    """Start a service with options of the test's and give its URL; stopped after the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(_served(database_url, **options))


@pytest.fixture
def client(shared_url: str, database_url: str) -> Iterator[httpx.Client]:
    """A client that shows its key as Segment's SDKs do."""
    assert database_url
    with httpx.Client(base_url=shared_url, auth=(KEY, ""), timeout=60) as client:
        yield client


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A file that maps one name of an application's own."""
    file = tmp_path / "rules.toml"
    file.write_text(
        '[events."Lecture Watched"]\n'
        'event_type = "material_read"\n'
        'fields = { lectureId = "material_id", watched = "time_spent_seconds" }\n'
    )
    return file


@pytest.fixture
def query(database_url: str) -> Callable[[str], list[dict[str, Any]]]:
    """Ask the database as its owner."""

    def ask(statement: str) -> list[dict[str, Any]]:
        with psycopg.connect(database_url, row_factory=dict_row) as connection:
            return connection.execute(statement.encode()).fetchall()

    return ask


@pytest.fixture(scope="session")
def sdks() -> Path:
    """The folder the SDKs for Node and browsers are installed in."""
    return install_sdks()


@pytest.fixture
def watch(database_url: str) -> Watch:
    """What stands before a service of the test's; give it to `served`."""
    return Watch(IngestionSettings(database_url=database_url, write_keys=(KEY,)))


@pytest.fixture
def watched_url(watch: Watch) -> Iterator[str]:
    """Where the watched service is."""
    with served(watch) as url:
        yield url
