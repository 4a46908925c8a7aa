"""A client between a stopped clock and a service of the test's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.clients import (
    StudyClient,
)
from tests.ingestion.clients.stand_ins import (
    Bench,
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def client(bench: Bench) -> Iterator[StudyClient]:
    with StudyClient(bench.settings()) as client:
        yield client
