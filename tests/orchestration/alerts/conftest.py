from collections.abc import Iterator

import psycopg
import pytest

from ingestion.store.database import Role, role_url
from tests.orchestration.alerts.receiver import Receiver, receiving


@pytest.fixture
def ledger(database_url: str) -> Iterator[psycopg.Connection]:
    """The session that alerts are written down by."""
    url = role_url(database_url, Role.DAGSTER, application_name="test")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def data(database_url: str) -> Iterator[psycopg.Connection]:
    """The session that the state of the data is read by."""
    url = role_url(database_url, Role.TRANSFORM, application_name="test")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
