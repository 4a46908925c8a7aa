"""Failed events landed again: once, as of their first receipt, or not at all and still told of."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import psycopg
import pytest

from ingestion.events.codes import Code
from ingestion.events.identity import derive_uuid7, embedded_instant
from ingestion.events.validation import Rejection
from ingestion.landing import failed_events
from ingestion.landing.failed_events import FailedEvent
from ingestion.landing.failure_log import Failure, Selection, State, read_failures
from ingestion.landing.land import land
from ingestion.landing.replaying import Replay, replay_failures
from ingestion.landing.verdict import Status, Verdict
from ingestion.store.database import Role, role_url
from ingestion.store.partitions import make_months

T = TypeVar("T")
NOW = datetime.now(UTC).replace(microsecond=0)
AN_HOUR_AGO = NOW - timedelta(hours=1)
ALL = Selection(state=State.ALL)


@pytest.fixture
def database(shared_database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(shared_database_url, autocommit=True) as connection:
        for table in ("study_events", "failed_events", "replays"):
            connection.execute(f"delete from raw.{table}")
        yield connection


def run(url: str, work: Callable[[psycopg.AsyncConnection], Awaitable[T]]) -> T:
    async def connected() -> T:
        ingest = role_url(url, Role.INGEST, application_name="test")
        async with await psycopg.AsyncConnection.connect(ingest, autocommit=True) as connection:
            return await work(connection)

    return asyncio.run(connected())


def replay(url: str, selection: Selection = ALL, *, dry_run: bool = False) -> list[Replay]:
    return run(url, lambda connection: replay_failures(connection, selection, dry_run=dry_run))


def failures(url: str, selection: Selection = ALL) -> list[Failure]:
    return run(url, lambda connection: read_failures(connection, selection))


def land_now(url: str, events: Sequence[object], *, sent_at: datetime | None = None) -> None:
    run(
        url,
        lambda connection: land(
            connection, events, received_at=NOW, sent_at=sent_at, context={"ip": "192.0.2.0"}
        ),
    )


def keep_as_of_an_older_plan(
    url: str, events: Sequence[object], *, sent_at: datetime | None = None
) -> None:
    """Dead letters as a service left them whose plan did not know these events yet."""
    why = Rejection(Code.UNKNOWN_EVENT_TYPE.value, "event_type", "is not in the tracking plan")
    failed = [
        FailedEvent(Verdict(index, Status.REJECTED, None, why=why), why, event)
        for index, event in enumerate(events)
    ]
    run(
        url,
        lambda connection: failed_events.keep(
            connection, failed, received_at=NOW, sent_at=sent_at, context={"ip": "192.0.2.0"}
        ),
    )


def event(occurred_at: datetime = AN_HOUR_AGO, **changes: Any) -> dict[str, Any]:
    return {
        "event_id": str(derive_uuid7(occurred_at, str(uuid4()))),
        "event_type": "search_performed",
        "user_id": str(uuid4()),
        "occurred_at": occurred_at.isoformat(),
        "properties": {"result_count": 3},
    } | changes


def stored(database: psycopg.Connection) -> list[tuple[Any, ...]]:
    return database.execute(
        "select event_id, occurred_at, received_at, sent_at, context from raw.study_events"
    ).fetchall()


def fates(replays: Sequence[Replay]) -> list[str]:
    return sorted("not tried" if r.verdict is None else r.verdict.status.value for r in replays)


def test_what_is_now_accepted_lands_once_as_of_its_first_receipt(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    sent_at = NOW - timedelta(minutes=10)
    said = event()
    keep_as_of_an_older_plan(shared_database_url, [said], sent_at=sent_at)

    first, second = replay(shared_database_url), replay(shared_database_url)

    assert (fates(first), fates(second)) == (["accepted"], [])
    # The batch's sent_at still corrects the clock.
    at = AN_HOUR_AGO + timedelta(minutes=10)
    assert stored(database) == [(UUID(said["event_id"]), at, NOW, sent_at, {"ip": "192.0.2.0"})]
    (failure,) = failures(shared_database_url)
    assert (failure.landed_as, failure.replays) == (UUID(said["event_id"]), 1)
    assert failures(shared_database_url, Selection()) == []


def test_event_that_was_sent_again_meanwhile_is_a_duplicate_and_done_with(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    said = event()
    keep_as_of_an_older_plan(shared_database_url, [said])
    land_now(shared_database_url, [said])

    assert fates(replay(shared_database_url)) == ["duplicate"]
    assert replay(shared_database_url) == []
    assert len(stored(database)) == 1


@pytest.mark.parametrize("without_time", [True, False])
def test_event_without_an_id_lands_once_however_often_it_is_replayed(
    database: psycopg.Connection, shared_database_url: str, *, without_time: bool
) -> None:
    said = event()
    for name in ("event_id", "occurred_at") if without_time else ("event_id",):
        del said[name]
    keep_as_of_an_older_plan(shared_database_url, [said])

    replay(shared_database_url)
    database.execute("delete from raw.replays")  # as if nobody knew of it
    assert fates(replay(shared_database_url)) == ["duplicate"]

    ((event_id, occurred_at, *_),) = stored(database)
    assert occurred_at == (NOW if without_time else AN_HOUR_AGO)
    assert embedded_instant(event_id) == occurred_at


def test_what_fails_again_stays_with_its_new_reason_and_a_count_of_tries(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    keep_as_of_an_older_plan(shared_database_url, [event(properties={"querry": "x"})])

    for _ in range(2):
        assert fates(replay(shared_database_url)) == ["rejected"]

    (failure,) = failures(shared_database_url, Selection(code="unknown_property"))
    assert (failure.path, failure.replays) == ("properties.querry", 2)
    assert failure.landed_as is None
    assert database.execute("select count(*) from raw.failed_events").fetchone() == (1,)
    assert stored(database) == []


def test_dry_run_says_the_same_and_changes_nothing(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    twice = event()
    said = [twice, {**twice, "chunk_id": "c"}, event(properties={"no": 1}), event()]
    keep_as_of_an_older_plan(shared_database_url, said)

    would = replay(shared_database_url, dry_run=True)

    assert stored(database) == []
    assert database.execute("select count(*) from raw.replays").fetchone() == (0,)
    assert fates(would) == fates(replay(shared_database_url))
    assert fates(would) == ["accepted", "accepted", "conflict", "rejected"]


def test_death_between_landing_and_marking_leaves_it_to_the_next_replay(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    said = [event() for _ in range(3)]
    keep_as_of_an_older_plan(shared_database_url, said)
    database.execute(
        "create function raw.die() returns trigger language plpgsql security definer as"
        " $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$"
    )
    database.execute(
        "create trigger die before insert on raw.replays for each row execute function raw.die()"
    )
    try:
        with pytest.raises(psycopg.OperationalError):
            replay(shared_database_url)
        assert stored(database) == []
    finally:
        database.execute("drop function raw.die cascade")

    assert fates(replay(shared_database_url)) == ["accepted"] * 3
    assert {row[0] for row in stored(database)} == {UUID(each["event_id"]) for each in said}


def test_two_replays_at_once_land_each_event_once(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    said = [event() for _ in range(20)]
    for each in said[:10]:
        del each["event_id"]
    keep_as_of_an_older_plan(shared_database_url, said)

    async def both() -> tuple[list[Replay], list[Replay]]:
        ingest = role_url(shared_database_url, Role.INGEST, application_name="test")
        async with (
            await psycopg.AsyncConnection.connect(ingest, autocommit=True) as one,
            await psycopg.AsyncConnection.connect(ingest, autocommit=True) as other,
        ):
            return await asyncio.gather(replay_failures(one, ALL), replay_failures(other, ALL))

    first, second = asyncio.run(both())

    assert sorted([len(first), len(second)]) == [0, 20]
    assert len(stored(database)) == 20


def test_conflicts_and_what_was_changed_in_keeping_are_named_and_not_tried(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    said = event()
    other = {**said, "chunk_id": "another"}
    land_now(shared_database_url, [said, other, event(chunk_id="a\0b"), event(topic_id="a@b.org")])

    replays = replay(shared_database_url)

    assert fates(replays) == ["not tried"] * 3
    assert all(each.reason for each in replays)
    assert len(stored(database)) == 1
    assert database.execute("select count(*) from raw.replays").fetchone() == (0,)


def test_event_of_a_closed_month_lands_once_the_month_is_open(
    database_url: str,
) -> None:
    long_ago = (NOW.replace(day=1) - timedelta(days=3_000)).replace(day=15)
    land_now(database_url, [event(long_ago)])
    (failure,) = failures(database_url)
    assert failure.code == "occurred_at_out_of_range"
    assert fates(replay(database_url)) == ["rejected"]

    with psycopg.connect(database_url) as owner:
        month = date(long_ago.year, long_ago.month, 1)
        make_months(owner, month, month)

    assert fates(replay(database_url)) == ["accepted"]


def test_selection_is_by_code_type_kind_time_state_and_number(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    said = event()
    keep_as_of_an_older_plan(shared_database_url, [said])
    land_now(shared_database_url, [event(event_type="nope"), event(properties={"no": 1}), {}])
    land_now(shared_database_url, [event(event_id=said["event_id"], chunk_id="c")])
    land_now(shared_database_url, [event(event_id=said["event_id"], chunk_id="d")])
    replay(shared_database_url, Selection(event_type="search_performed", code="conflict"))

    def count(**conditions: Any) -> int:
        return len(failures(shared_database_url, Selection(**conditions)))

    assert count() == 5
    assert count(kind="conflict") == 1
    assert count(code="unknown_event_type") == 2
    assert count(event_type="nope") == 1
    assert count(limit=2) == 2
    assert count(since=NOW) == 5
    assert count(until=NOW) == 0
    assert count(since=NOW + timedelta(seconds=1)) == 0
    assert count(state=State.LANDED) == 0
    assert count(ids=[failures(shared_database_url)[0].failed_event_id]) == 1


def test_service_may_only_add_tries(database: psycopg.Connection, shared_database_url: str) -> None:
    keep_as_of_an_older_plan(shared_database_url, [event()])
    replay(shared_database_url)

    for statement in (
        "update raw.replays set event_id = null",
        "delete from raw.replays",
        "insert into raw.replays (failed_event_id, status, ingest_xid) values (null, 'x', '3')",
    ):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            psycopg.connect(role_url(shared_database_url, Role.INGEST, application_name="t")) as c,
        ):
            c.execute(statement)
