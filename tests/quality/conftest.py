"""A healthy warehouse for the checks to run on."""

from collections.abc import Iterator

import pytest

from ingestion.store.database import Role, role_url
from tests.quality.warehouse import build_warehouse, undo


@pytest.fixture(scope="module")
def built_url(shared_database_url: str) -> str:
    """A database with log, staging and marts, made once, as the role that builds them."""
    url = role_url(shared_database_url, Role.TRANSFORM, application_name="quality tests")
    build_warehouse(url)
    return url


@pytest.fixture
def warehouse_url(built_url: str) -> Iterator[str]:
    """The same, as healthy as it was made; what a test plants in marts or staging is undone."""
    yield built_url
    undo(built_url)
