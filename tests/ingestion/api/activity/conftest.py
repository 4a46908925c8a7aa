"""Learners who study over HTTP, on a database of their own or on a warehouse that was built."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ingestion.api import IngestionSettings
from tests.exactness.warehouse import (
    Project,
    Warehouse,
    copy_project,
    database_name,
    fresh_warehouse,
    parse,
)
from tests.ingestion.api.conftest import served


@dataclass
class Learner:
    """Somebody who studies; answers other than 200 fail the test."""

    client: httpx.Client
    user_id: str = field(default_factory=lambda: str(uuid4()))

    def ask(self, path: str, **body: Any) -> httpx.Response:
        return self.client.post(path, json=body, headers={"X-User-Id": self.user_id})

    def do(self, path: str, **body: Any) -> dict[str, Any]:
        response = self.ask(path, **body)
        assert response.status_code == 200, response.text
        told: dict[str, Any] = response.json()
        return told

    def read(self, what: str, **query: Any) -> dict[str, Any]:
        response = self.client.get(f"/api/users/{self.user_id}/{what}", params=query)
        assert response.status_code == 200, response.text
        told: dict[str, Any] = response.json()
        return told


@pytest.fixture
def learner(client: httpx.Client) -> Learner:
    """A learner nobody has seen yet, on a database whose marts were never built."""
    return Learner(client)


@pytest.fixture
def refuse(learner: Learner) -> Callable[..., tuple[int, str, str]]:
    """Ask for what is refused; returns status, code and message."""

    def ask(path: str, **body: Any) -> tuple[int, str, str]:
        response = learner.ask(path, **body)
        problem = response.json()
        return response.status_code, problem["error"], problem["message"]

    return ask


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The dbt project, parsed once for all tests of a worker."""
    folder = copy_project(tmp_path_factory.mktemp("activity") / "dbt_project")
    return parse(folder, database_name())


@pytest.fixture(scope="session")
def warehouse(server_url: str, template_database: str, project: Project) -> Iterator[Warehouse]:
    """A warehouse that was built while it was empty: from then on its live views answer."""
    with fresh_warehouse(server_url, template_database, project) as warehouse:
        warehouse.load(datetime.now(UTC))
        yield warehouse


@pytest.fixture(scope="session")
def built_client(warehouse: Warehouse) -> Iterator[httpx.Client]:
    """A service on that warehouse."""
    with served(IngestionSettings(database_url=warehouse.url)) as client:
        yield client
