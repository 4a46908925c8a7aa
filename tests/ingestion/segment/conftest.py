"""The service on a real socket, with a key, before a database of the test's own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from ingestion.api import IngestionSettings
from ingestion.api.server import build_server
from tests.ingestion.serving import running

KEY = "key-of-the-sdk"

Serve = Callable[..., str]


@pytest.fixture
def serve(database_url: str) -> Iterator[Serve]:
    """Start a service before the test's database and give its URL; stopped after the test."""
    with ExitStack() as stack:

        def start(**options: Any) -> str:
            settings = IngestionSettings(
                database_url=database_url, **{"write_keys": (KEY,), **options}
            )
            server = build_server(settings, host="127.0.0.1", port=0)
            return stack.enter_context(running(server))

        yield start


@pytest.fixture
def client(serve: Serve) -> Iterator[httpx.Client]:
    """A client that shows its key as Segment's SDKs do."""
    with httpx.Client(base_url=serve(), auth=(KEY, ""), timeout=60) as client:
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
