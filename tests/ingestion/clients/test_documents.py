"""The examples of docs/clients.md run, against the real service."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from ingestion.clients import VIEWS
from tests.conftest import REPOSITORY
from tests.ingestion.clients.serving import Front, served

DOCUMENT = REPOSITORY / "docs" / "clients.md"
LEARNER = "6f1c2b9e-4a53-4e0c-9d55-0b8f6a1f7c21"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)


@pytest.fixture
def url(database_url: str) -> Iterator[str]:
    with served(Front(database_url, write_keys=("key-of-the-backend",))) as url:
        yield url


def run(example: str, url: str, folder: Path) -> dict[str, Any]:
    for written, real in (
        ("https://study.example", url),
        ("/var/lib/app/study-spool.db", str(folder / "spool.db")),
    ):
        assert written in example
        example = example.replace(written, real)
    names: dict[str, Any] = {}
    exec(compile(example, str(DOCUMENT), "exec"), names)
    return names


def stored(database_url: str) -> list[tuple[str, str, Any]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(
            "select event_type, user_id::text, properties from raw.study_events"
        ).fetchall()


def test_example_of_the_client_stores_its_event(
    url: str, database_url: str, tmp_path: Path
) -> None:
    run(blocks("python")[0], url, tmp_path)["client"].close()
    properties = {"is_correct": True, "time_to_answer_seconds": 45}
    assert stored(database_url) == [("question_submit", LEARNER, properties)]


def test_example_with_asyncio_stores_its_event(url: str, database_url: str, tmp_path: Path) -> None:
    async def use() -> None:
        await names["on_search"](LEARNER, "beta blockers", 12)
        await names["client"].close()

    names = run(blocks("python")[1], url, tmp_path)
    asyncio.run(use())
    properties = {"query": "beta blockers", "result_count": 12}
    assert stored(database_url) == [("search_performed", LEARNER, properties)]


def test_example_of_the_middleware_stores_its_event(
    url: str, database_url: str, tmp_path: Path
) -> None:
    with served(run(blocks("python")[2], url, tmp_path)["app"]) as application:
        assert httpx.get(f"{application}/api/materials/m1").json() == {"id": "m1"}
    properties = {"material_type": "pdf", "total_pages": 42}
    assert stored(database_url) == [("material_open", LEARNER, properties)]


def test_table_of_views_is_the_one_in_force() -> None:
    rows = re.findall(r"\| `GET (/api/[^`?]*)[^`]*` \| `(\w+)` \|", DOCUMENT.read_text())
    assert rows == [(route.path, route.event_type) for route in VIEWS]
