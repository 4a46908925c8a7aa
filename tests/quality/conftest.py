"""A healthy warehouse for the checks to run on."""

import pytest

from ingestion.store.database import Role, role_url
from tests.quality.warehouse import build_warehouse


@pytest.fixture
def warehouse_url(shared_database_url: str) -> str:
    """A database with freshly made staging and marts, as the role that builds them."""
    url = role_url(shared_database_url, Role.TRANSFORM, application_name="quality tests")
    build_warehouse(url)
    return url
