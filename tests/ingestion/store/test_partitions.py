import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.store.errors import StoreError
from ingestion.store.partitions import (
    is_open,
    make_months,
    month_bounds,
    open_months,
    partition_name,
    read_months,
)

instants = st.datetimes(datetime(1970, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis adds the zone)
months = instants.map(lambda instant: instant.date().replace(day=1))

INSERT = """
    insert into raw.study_events (event_id, event_type, user_id, occurred_at, received_at)
    values (%s, 'level_up', gen_random_uuid(), now(), now())
    returning tableoid::regclass::text
"""


def make_uuid7(instant: datetime, chance: int) -> UUID:
    milliseconds = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    low = chance & ((1 << 62) - 1)
    middle = chance >> 62
    return UUID(int=milliseconds << 80 | 7 << 76 | middle << 64 | 2 << 62 | low)


def next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


@given(instants, st.integers(0, 2**74 - 1))
def test_every_uuid7_of_an_instant_lies_in_its_month(instant: datetime, chance: int) -> None:
    event_id = make_uuid7(instant, chance)
    assert event_id.version == 7
    lower, upper = month_bounds(instant.date())
    assert lower <= event_id < upper


@given(months)
def test_first_and_last_millisecond_of_a_month_lie_in_it(month: date) -> None:
    lower, upper = month_bounds(month)
    first = datetime(month.year, month.month, 1, tzinfo=UTC)
    end = datetime(next_month(month).year, next_month(month).month, 1, tzinfo=UTC)
    assert lower <= make_uuid7(first, 0)
    assert (
        make_uuid7(first - timedelta(milliseconds=1), 2**74 - 1) < lower if first.year > 1970 else 1
    )
    assert make_uuid7(end - timedelta(milliseconds=1), 2**74 - 1) < upper
    assert upper <= make_uuid7(end, 0)


@given(months)
def test_months_leave_no_gap(month: date) -> None:
    assert month_bounds(month)[1] == month_bounds(next_month(month))[0]


@given(instants)
def test_every_day_of_a_month_has_the_same_bounds(instant: datetime) -> None:
    assert month_bounds(instant.date()) == month_bounds(instant.date().replace(day=1))


def test_month_before_a_uuid7_can_tell_is_refused() -> None:
    with pytest.raises(ValueError, match="1970"):
        month_bounds(date(1969, 12, 1))


@given(st.sets(months, max_size=12), instants, st.integers(0, 2**74 - 1))
def test_open_months_are_found_by_id(some: set[date], instant: datetime, chance: int) -> None:
    event_id = make_uuid7(instant, chance)
    bounds = sorted(month_bounds(month) for month in some)
    assert is_open(bounds, event_id) == (instant.date().replace(day=1) in some)


def test_months_made_are_the_months_open(database: psycopg.Connection) -> None:
    before = open_months(database)
    made = make_months(database, date(2015, 11, 17), date(2016, 1, 1))
    names = ("2015_11", "2015_12", "2016_01")
    assert made == [f"raw.study_events_{name}" for name in names]
    new = [month_bounds(date.fromisoformat(f"{name}_01".replace("_", "-"))) for name in names]
    assert open_months(database) == [*new, *before]


def test_months_are_the_same_asked_asynchronously(
    database: psycopg.Connection, database_url: str
) -> None:
    assert asyncio.run(ask_asynchronously(database_url)) == open_months(database)


async def ask_asynchronously(url: str) -> list[tuple[UUID, UUID]]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return (await read_months(connection)).open


def test_months_are_made_once(database: psycopg.Connection) -> None:
    assert make_months(database, date(2015, 1, 1), date(2015, 3, 1))
    assert make_months(database, date(2015, 1, 1), date(2015, 3, 1)) == []
    assert make_months(database, date(2015, 3, 1), date(2015, 4, 1)) == ["raw.study_events_2015_04"]


def test_no_month_is_made_backwards(database: psycopg.Connection) -> None:
    assert make_months(database, date(2015, 3, 1), date(2015, 1, 1)) == []


def test_event_lands_in_the_partition_of_its_id(database: psycopg.Connection) -> None:
    make_months(database, date(2015, 1, 1), date(2015, 3, 1))
    lower, upper = month_bounds(date(2015, 2, 1))
    for event_id, name in (
        (UUID(int=lower.int - 1), "2015_01"),
        (lower, "2015_02"),
        (UUID(int=upper.int - 1), "2015_02"),
        (upper, "2015_03"),
    ):
        assert database.execute(INSERT, [event_id]).fetchone() == (f"raw.study_events_{name}",)


def test_event_without_a_month_is_refused(database: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="no partition"):
        database.execute(INSERT, [month_bounds(date(2001, 1, 1))[0]])


def test_partition_has_the_indexes_and_defaults_of_its_parent(database: psycopg.Connection) -> None:
    make_months(database, date(2015, 1, 1), date(2015, 1, 1))
    indexes = database.execute(
        "select pg_get_indexdef(indexrelid) from pg_index"
        " where indrelid = 'raw.study_events_2015_01'::regclass"
    ).fetchall()
    for columns in ("(event_id)", "(user_id, occurred_at)", "(ingest_xid)"):
        assert any(definition.endswith(columns) for (definition,) in indexes)
    database.execute(INSERT, [month_bounds(date(2015, 1, 1))[0]])
    row = database.execute(
        "select schema_version, properties, context, ingest_xid is not null"
        " from raw.study_events_2015_01"
    ).fetchone()
    assert row == (1, {}, {}, True)


def test_months_are_made_while_others_write_and_read(
    database: psycopg.Connection, database_url: str
) -> None:
    with psycopg.connect(database_url) as busy:
        busy.execute(INSERT, [open_months(busy)[0][0]])
        busy.execute("select count(*) from raw.study_events")
        database.execute("set lock_timeout = '5s'")
        assert make_months(database, date(2015, 1, 1), date(2015, 1, 1))
        # and they go on, in the month just made as well
        busy.execute(INSERT, [month_bounds(date(2015, 1, 1))[0]])


def test_failure_makes_no_month_at_all(database: psycopg.Connection) -> None:
    make_months(database, date(2015, 3, 1), date(2015, 3, 1))
    database.execute("alter table raw.study_events detach partition raw.study_events_2015_03")
    before = open_months(database)
    with pytest.raises(StoreError, match="study_events_2015_03 exists but is no part of"):
        make_months(database, date(2015, 1, 1), date(2015, 4, 1))
    assert open_months(database) == before


def test_partition_that_is_no_range_is_an_error(database: psycopg.Connection) -> None:
    database.execute("create table raw.rest partition of raw.study_events default")
    with pytest.raises(StoreError, match=r"raw\.rest has the bounds 'DEFAULT'"):
        open_months(database)


def test_database_without_a_schema_is_an_error(empty_database_url: str) -> None:
    message = pytest.raises(StoreError, match="run `study migrate`")
    with psycopg.connect(empty_database_url) as connection, message:
        make_months(connection, date(2015, 1, 1), date(2015, 1, 1))


@pytest.mark.parametrize(
    ("month", "name"),
    [(date(2026, 1, 31), "study_events_2026_01"), (date(2015, 12, 1), "study_events_2015_12")],
)
def test_partition_is_named_by_its_month(month: date, name: str) -> None:
    assert partition_name(month) == name
