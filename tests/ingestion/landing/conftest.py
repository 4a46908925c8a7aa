from collections.abc import Iterator

import psycopg
import pytest


@pytest.fixture
def database(shared_database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(shared_database_url, autocommit=True) as connection:
        connection.execute("truncate raw.study_events, raw.failed_events, raw.landings")
        yield connection
