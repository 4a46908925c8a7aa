"""Requests that wait together share a transaction and nothing else."""

import asyncio
import random
from collections import Counter

import psycopg
import pytest

from ingestion.landing.limits import QueueLimits
from ingestion.landing.queue import LandingQueue, QueueFullError
from ingestion.landing.verdict import Status
from tests.ingestion.landing.test_land import count, event
from tests.ingestion.landing.waiting import (
    Seen,
    batch,
    queue_on,
    run,
    send,
    until_locked,
    writers_held,
)


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


def test_request_that_comes_as_a_writer_ends_is_written(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    async def land() -> None:
        async with queue_on(shared_database_url) as queue:
            for number in range(3):
                # At once with the answer: the writer has looked for the last time, and still is.
                report = await queue.land(batch(event(number)), 100)
                assert report.counts[Status.ACCEPTED] == 1

    run(land())
    assert count(database, "study_events") == 3


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
