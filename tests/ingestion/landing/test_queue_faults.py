"""A fault costs the request at fault its answer, and no other."""

import asyncio

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from ingestion.landing.verdict import Status
from tests.ingestion.landing.test_land import REFUSE, count, event
from tests.ingestion.landing.waiting import (
    Seen,
    batch,
    queue_on,
    run,
    send,
    until_locked,
    writers_held,
)


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


def test_without_a_database_all_who_wait_are_told() -> None:
    async def land() -> None:
        nowhere = "postgresql://study:x@127.0.0.1:1/study"
        async with queue_on(nowhere, timeout=0.2) as queue:
            tasks = [send(queue, event(n)) for n in range(5)]
            for task in tasks:
                with pytest.raises(PoolTimeout):
                    await task

    run(land())
