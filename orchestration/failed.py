"""The failed events of the settings' database, by the role the service uses."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg

from ingestion.landing.failure_log import Failure, Selection, read_failures
from ingestion.landing.replaying import Replay, replay_failures
from ingestion.segment.rules import load_segment_rules
from ingestion.segment.translation import segment_dialect
from ingestion.store.database import Role, role_url
from orchestration.database import open_warehouse
from orchestration.settings import Settings

T = TypeVar("T")


def list_failures(settings: Settings, selection: Selection) -> list[Failure]:
    """Read the failed events of a selection. Raises StoreError."""
    return _run(settings, lambda connection: read_failures(connection, selection))


def replay(
    settings: Settings,
    selection: Selection,
    *,
    dry_run: bool,
    on_batch: Callable[[int], None] = lambda _: None,
) -> list[Replay]:
    """Land the open failed events of a selection again. Raises StoreError and SegmentRulesError."""
    segment = segment_dialect(load_segment_rules(settings.segment_events))
    return _run(
        settings,
        lambda connection: replay_failures(
            connection,
            selection,
            dialects={segment.name: segment},
            dry_run=dry_run,
            on_batch=on_batch,
        ),
    )


def _run(settings: Settings, work: Callable[[psycopg.AsyncConnection], Awaitable[T]]) -> T:
    async def connected(url: str) -> T:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            return await work(connection)

    with open_warehouse(settings) as database:
        url = role_url(database, Role.INGEST, application_name="study-failed")
        return asyncio.run(connected(url))
