"""A landing queue on a real database, and the means to make its writers wait."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from ingestion.landing.judging import JudgedBatch, judge_texts
from ingestion.landing.limits import QueueLimits
from ingestion.landing.observer import SilentObserver
from ingestion.landing.queue import LandingQueue
from ingestion.landing.verdict import LandingReport, Status
from ingestion.store.database import Role, role_url
from tests.ingestion.landing.test_land import NOW

ONE_WRITER = QueueLimits(writers=1)
WAITS = "select pid from pg_stat_activity where application_name = 'test-queue' and {}"
LOCKED = WAITS.format("wait_event_type = 'Lock' and datname = current_database()")


@dataclass
class Seen(SilentObserver):
    held: list[tuple[int, int]] = field(default_factory=list)
    merged: list[int] = field(default_factory=list)
    splits: int = 0

    def waiting(self, events: int, requests: int) -> None:
        self.held.append((events, requests))

    def committed(
        self, seconds: float, requests: int, counts: Mapping[Status, int], redacted: int
    ) -> None:
        assert seconds > 0
        self.merged.append(requests)

    def split(self, requests: int) -> None:
        self.splits += 1


def batch(*events: object) -> JudgedBatch:
    texts = [json.dumps(one).encode() for one in events]
    return judge_texts(texts, received_at=NOW, sent_at=None, context={})


@asynccontextmanager
async def queue_on(
    url: str, limits: QueueLimits = ONE_WRITER, seen: Seen | None = None, timeout: float = 10
) -> AsyncIterator[LandingQueue]:
    pool = AsyncConnectionPool(
        role_url(url, Role.INGEST, application_name="test-queue"),
        min_size=0,
        max_size=limits.writers,
        timeout=timeout,
        kwargs={"autocommit": True},
        open=False,
    )
    async with pool, LandingQueue(pool, limits=limits, observer=seen) as queue:
        yield queue


@asynccontextmanager
async def writers_held(database: psycopg.Connection, url: str) -> AsyncIterator[None]:
    """Let every transaction hang at its end for the length of the block."""
    async with await psycopg.AsyncConnection.connect(url) as blocker:
        await blocker.execute("lock table raw.landings in access exclusive mode")
        yield


async def until_locked(database: psycopg.Connection) -> list[tuple[int]]:
    """The backends that wait for a lock, as soon as there is one."""
    while not (pids := database.execute(LOCKED).fetchall()):
        await asyncio.sleep(0.005)
    return pids


def send(queue: LandingQueue, *events: object) -> "asyncio.Task[LandingReport]":
    return asyncio.create_task(queue.land(batch(*events), 100 * len(events)))


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 60))
