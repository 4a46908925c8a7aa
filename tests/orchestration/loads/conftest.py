import pytest

from tests.orchestration.loads.warehouse import SmallWarehouse


@pytest.fixture
def warehouse(database_url: str) -> SmallWarehouse:
    return SmallWarehouse(database_url)
