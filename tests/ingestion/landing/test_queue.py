"""Requests that wait together share a transaction and nothing else."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ingestion.landing.judging import JudgedBatch, judge_texts
from ingestion.landing.observer import SilentObserver
from ingestion.landing.queue import LandingQueue, QueueFullError, QueueLimits
from ingestion.landing.verdict import LandingReport, Status
from ingestion.store.database import Role, role_url
from tests.ingestion.landing.test_land import NOW, REFUSE, count, event

ONE_WRITER = QueueLimits(writers=1)
WAITS = "select pid from pg_stat_activity where application_name = 'test-queue' and {}"
LOCKED = WAITS.format("wait_event_type = 'Lock' and datname = current_database()")


@pytest.fixture
def database(shared_database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(shared_database_url, autocommit=True) as connection:
        connection.execute("truncate raw.study_events, raw.failed_events, raw.landings")
        yield connection


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


def test_what_waits_together_is_written_together(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    seen = Seen()

    async def land() -> None:
        async with queue_on(shared_database_url, seen=seen) as queue:
            async with writers_held(database, shared_database_url):
                first = send(queue, event(1))
                await until_locked(database)
                waiting = [send(queue, event(n), event(n + 10), None) for n in (2, 3, 4)]
                await asyncio.sleep(0)
            reports = [await task for task in (first, *waiting)]
        expected = [Status.ACCEPTED, Status.ACCEPTED, Status.REJECTED]
        for report in reports[1:]:
            assert [verdict.status for verdict in report.results] == expected

    run(land())
    assert seen.merged == [1, 3]
    assert seen.held[-1] == (0, 0)
    assert max(seen.held) == (10, 4)
    landings = "select received, accepted, duplicate, rejected, conflict from raw.landings"
    rows = database.execute(f"{landings} order by received").fetchall()
    assert rows == [(1, 1, 0, 0, 0), (9, 6, 0, 3, 0)]


def test_full_queue_turns_away_and_takes_again_when_there_is_room(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    limits = QueueLimits(events=3, size_bytes=1000, writers=1)

    async def land() -> None:
        async with queue_on(shared_database_url, limits) as queue:
            async with writers_held(database, shared_database_url):
                first = send(queue, event(1), event(2))
                await until_locked(database)
                with pytest.raises(QueueFullError):
                    await queue.land(batch(event(3), event(4)), 100)
                with pytest.raises(QueueFullError):
                    await queue.land(batch(event(3)), 1000)
                last = send(queue, event(3))
                await asyncio.sleep(0)
                with pytest.raises(QueueFullError):
                    queue.require_room(1)
            assert (await first).counts[Status.ACCEPTED] == 2
            assert (await last).counts[Status.ACCEPTED] == 1
            larger = await queue.land(batch(*(event(n) for n in range(4, 12))), 5000)
            assert larger.counts[Status.ACCEPTED] == 8

    run(land())


def test_cancelled_request_does_not_disturb_its_neighbours(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    seen = Seen()

    async def land() -> None:
        async with queue_on(shared_database_url, seen=seen) as queue:
            async with writers_held(database, shared_database_url):
                written = send(queue, event(1))
                await until_locked(database)
                dropped, kept = send(queue, event(2)), send(queue, event(3))
                await asyncio.sleep(0)
                for task in (written, dropped):
                    task.cancel()
                await asyncio.wait([written, dropped])
            assert (await kept).counts[Status.ACCEPTED] == 1

    run(land())
    # What a writer had in hand already is stored, though nobody waits for the answer.
    assert count(database, "study_events") == 2
    assert seen.held[-1] == (0, 0)


def test_refused_row_fails_alone_among_merged_requests(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    cursed = event(3) | {"topic_id": "cursed"}
    database.execute(REFUSE)

    async def land() -> None:
        async with queue_on(shared_database_url) as queue:
            async with writers_held(database, shared_database_url):
                first = send(queue, event(1))
                await until_locked(database)
                others = [
                    send(queue, event(2)),
                    send(queue, cursed, event(4)),
                    send(queue, event(5)),
                ]
                await asyncio.sleep(0)
            told = [[one.status for one in (await task).results] for task in (first, *others)]
        accepted, rejected = Status.ACCEPTED, Status.REJECTED
        assert told == [[accepted], [accepted], [rejected, accepted], [accepted]]

    try:
        run(land())
    finally:
        database.execute("drop function refuse cascade")
    assert count(database, "failed_events") == 1


def test_request_the_database_will_not_have_fails_alone(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    seen = Seen()
    database.execute("revoke insert on raw.failed_events from study_ingest")

    async def land() -> None:
        async with queue_on(shared_database_url, seen=seen) as queue:
            async with writers_held(database, shared_database_url):
                first = send(queue, event(1))
                await until_locked(database)
                good, bad = send(queue, event(2)), send(queue, event(3), None)
                also_good = send(queue, event(4))
                await asyncio.sleep(0)
            for task in (first, good, also_good):
                assert (await task).counts[Status.ACCEPTED] == 1
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await bad

    try:
        run(land())
    finally:
        database.execute("grant insert on raw.failed_events to study_ingest")
    assert seen.splits > 0
    assert count(database, "study_events") == 3


def test_killed_backend_fails_what_it_wrote_and_nothing_else(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    async def land() -> None:
        async with queue_on(shared_database_url) as queue:
            async with writers_held(database, shared_database_url):
                hit = send(queue, event(1))
                pids = await until_locked(database)
                behind = send(queue, event(2))
                database.execute("select pg_terminate_backend(%s)", pids[0])
                with pytest.raises(psycopg.OperationalError):
                    await hit
            assert (await behind).counts[Status.ACCEPTED] == 1
            again = await queue.land(batch(event(1)), 100)
            assert again.counts[Status.ACCEPTED] == 1

    run(land())


def test_deadlock_is_tried_again_and_shown_to_nobody(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    older, newer = event(2), event(1)  # the older one has the lesser key
    store = """
        insert into raw.study_events
            (event_id, event_type, user_id, occurred_at, received_at, properties)
        values (%(event_id)s, %(event_type)s, %(user_id)s, now(), now(), '{}')
    """

    async def land() -> None:
        async with (
            queue_on(shared_database_url) as queue,
            await psycopg.AsyncConnection.connect(shared_database_url) as other,
        ):
            await other.execute("set deadlock_timeout = '1h'")  # so that the queue is the victim
            await other.execute(store, newer)
            task = send(queue, newer, older, event(3))
            await until_locked(database)
            await other.execute(store, older)
            await other.commit()
            counts = (await task).counts
        assert counts == {Status.CONFLICT: 2, Status.ACCEPTED: 1}

    run(land())


def test_closing_queue_writes_what_it_took(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    async def land() -> None:
        async with queue_on(shared_database_url) as queue:
            tasks = [send(queue, event(n)) for n in range(20)]
            await asyncio.sleep(0)
            await queue.close()
            assert all(task.done() or not task.cancelled() for task in tasks)
            with pytest.raises(QueueFullError):
                await queue.land(batch(event(30)), 100)
            for task in tasks:
                assert (await task).counts[Status.ACCEPTED] == 1

    run(land())
    assert count(database, "study_events") == 20


def test_without_a_database_all_who_wait_are_told() -> None:
    async def land() -> None:
        nowhere = "postgresql://study:x@127.0.0.1:1/study"
        async with queue_on(nowhere, timeout=0.2) as queue:
            tasks = [send(queue, event(n)) for n in range(5)]
            for task in tasks:
                with pytest.raises(PoolTimeout):
                    await task

    run(land())


def test_sixteen_senders_of_the_same_events_add_up(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    events = [event(number) for number in range(60)]

    async def send_all(queue: LandingQueue, seed: int) -> Counter[Status]:
        dice = random.Random(seed)
        total: Counter[Status] = Counter()
        for _ in range(6):
            chosen = dice.sample(events, k=40)
            other = [event(number, variant=seed) for number in dice.sample(range(60), k=5)]
            report = await queue.land(batch(*chosen, *other), 5000)
            total += report.counts
        return total

    async def land() -> Counter[Status]:
        limits = QueueLimits(writers=2)
        async with (
            queue_on(shared_database_url, limits) as one,
            queue_on(shared_database_url, limits) as two,
        ):
            queues = (one, two)
            return sum(
                await asyncio.gather(*(send_all(queues[n % 2], n + 1) for n in range(16))),
                Counter(),
            )

    total = asyncio.run(asyncio.wait_for(land(), 60))
    assert total.total() == 16 * 6 * 45
    assert total[Status.ACCEPTED] == count(database, "study_events") == 60
    assert total[Status.REJECTED] == 0
    (booked,) = database.execute("select sum(accepted) from raw.landings").fetchall()
    assert booked == (60,)
