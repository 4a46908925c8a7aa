"""A client between a stopped clock and a service of the test's."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ingestion.clients import StudyClient
from tests.ingestion.clients.serving import Front
from tests.ingestion.clients.stand_ins import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def client(bench: Bench) -> Iterator[StudyClient]:
    with StudyClient(bench.settings()) as client:
        yield client


@pytest.fixture
def front(service: tuple[Front, str], database_url: str) -> Front:
    """What stands before the service of the module, with nothing stored and nothing seen yet."""
    with psycopg.connect(database_url) as connection:
        connection.execute("truncate raw.study_events, raw.failed_events")
    service[0].begin_anew()
    return service[0]
