"""A log of fixed days, and work done on it with the rights of ingestion."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, TypeVar

import psycopg
import pytest

from ingestion.store.database import Role, role_url
from ingestion.store.partitions import make_months

T = TypeVar("T")
Work = Callable[[psycopg.AsyncConnection[Any]], Awaitable[T]]


class Log:
    """One database, to which each piece of work connects anew."""

    def __init__(self, url: str) -> None:
        self.owner_url = url
        self._url = role_url(url, Role.INGEST, application_name="test")

    def clear(self) -> None:
        """Forget all events."""
        with psycopg.connect(self.owner_url, autocommit=True) as owner:
            for table in ("study_events", "failed_events", "landings"):
                owner.execute(f"delete from raw.{table}")

    def run(self, *works: Work[T]) -> list[T]:
        """Do pieces of work at once, each on a connection of its own."""

        async def one(work: Work[T]) -> T:
            async with await psycopg.AsyncConnection.connect(
                self._url, autocommit=True
            ) as connection:
                return await work(connection)

        async def all_of_them() -> list[T]:
            return list(await asyncio.gather(*map(one, works)))

        return asyncio.run(all_of_them())


@pytest.fixture(scope="module")
def module_log(shared_database_url: str) -> Log:
    with psycopg.connect(shared_database_url, autocommit=True) as owner:
        make_months(owner, date(2025, 9, 1), date(2026, 6, 1))
    return Log(shared_database_url)


@pytest.fixture
def log(module_log: Log) -> Log:
    """The log, empty."""
    module_log.clear()
    return module_log
