"""A warm dbt for each worker, empty warehouses, and a folder to archive in."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from ingestion.store.archive.target import Target, open_target
from tests.exactness.warehouse import (
    Project,
    Warehouse,
    copy_project,
    database_name,
    fresh_warehouse,
    parse,
)

Fresh = Callable[[], AbstractContextManager[Warehouse]]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return parse(copy_project(tmp_path_factory.mktemp("custody") / "dbt_project"), database_name())


@pytest.fixture(scope="session")
def other_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same project, bound to another database: dbt writes the name into every relation."""
    return parse(copy_project(tmp_path_factory.mktemp("other") / "dbt_project"), database_name())


@pytest.fixture
def fresh(server_url: str, template_database: str, project: Project) -> Fresh:
    return lambda: fresh_warehouse(server_url, template_database, project)


@pytest.fixture
def fresh_control(server_url: str, template_database: str, other_project: Project) -> Fresh:
    return lambda: fresh_warehouse(server_url, template_database, replace(other_project))


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return open_target(str(tmp_path / "archive"))
