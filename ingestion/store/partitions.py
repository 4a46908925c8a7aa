"""The monthly partitions of `raw.study_events`: bounded by the instant inside a UUIDv7."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from ingestion.store.errors import StoreError, one_line

SCHEMA = "raw"
TABLE = "study_events"
FIRST_YEAR = 1970
MONTHS_BACK = 24  # what a sender may be late by: the time raw events are kept
MONTHS_AHEAD = 3
Month = tuple[UUID, UUID]
"""The ids of one partition: [lower, upper)."""
_PARENT = f"{SCHEMA}.{TABLE}"
_RANDOM_BITS = 80  # a UUIDv7 is 48 bits of Unix milliseconds, then 80 of version and chance
_PARTITION_LOCK = 0x5354554459_02  # "STUDY", 2

_CHILDREN = """
    select child.relname, pg_get_expr(child.relpartbound, child.oid)
    from pg_inherits
    join pg_class as child on child.oid = pg_inherits.inhrelid
    where pg_inherits.inhparent = to_regclass(%s)
"""
_BOUND = re.compile(r"FOR VALUES FROM \('([0-9a-f-]{36})'\) TO \('([0-9a-f-]{36})'\)")


def month_bounds(month: date) -> Month:
    """The ids [lower, upper) of the UTC month a date lies in.

    Every UUIDv7 made at an instant of that month lies between them, whatever its other bits.
    Raises ValueError before 1970, which a UUIDv7 cannot tell.
    """
    if month.year < FIRST_YEAR:
        raise ValueError(f"a UUIDv7 cannot tell an instant before {FIRST_YEAR}: {month}")
    return _first_id(month), _first_id(shift_month(month, 1))


def partition_name(month: date) -> str:
    """The table that holds a month, without its schema."""
    return f"{TABLE}_{month.year:04d}_{month.month:02d}"


def make_months(connection: psycopg.Connection[Any], first: date, last: date) -> list[str]:
    """Make the partitions from one month to another, both included; those that exist stay.

    Returns the names made, with their schema. One at a time over all sessions, and without
    stopping those who insert or read meanwhile. Raises StoreError when a month's table exists
    but is not part of raw.study_events.
    """
    made = []
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_PARTITION_LOCK])
        attached = {name for name, _ in _fetch_children(connection)}
        month = first.replace(day=1)
        while month <= last:
            if partition_name(month) not in attached:
                made.append(_make_month(connection, month))
            month = shift_month(month, 1)
    return made


def make_coming_months(connection: psycopg.Connection[Any], today: date) -> list[str]:
    """Make the partitions of today's month and the next ones; returns the names made.

    Not done in time, every event is turned away once the last month is over.
    """
    return make_months(connection, today, shift_month(today, MONTHS_AHEAD))


def open_months(connection: psycopg.Connection[Any]) -> list[Month]:
    """The ids [lower, upper) that can be stored now, one pair for each partition, sorted.

    Any role may ask.
    """
    return _read_bounds(_fetch_children(connection))


async def read_open_months(connection: psycopg.AsyncConnection[Any]) -> list[Month]:
    """The same as `open_months`, for those who serve requests meanwhile."""
    cursor = await connection.execute(_CHILDREN, [_PARENT])
    return _read_bounds(await cursor.fetchall())


def is_open(months: Sequence[Month], event_id: UUID) -> bool:
    """Whether an id falls into one of the months, which must be sorted and apart."""
    index = bisect_right(months, event_id, key=itemgetter(0)) - 1
    return index >= 0 and event_id < months[index][1]


def _fetch_children(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    return connection.execute(_CHILDREN, [_PARENT]).fetchall()


def _read_bounds(children: Iterable[tuple[str, str | None]]) -> list[Month]:
    bounds = []
    for name, bound in children:
        found = _BOUND.fullmatch(bound or "")
        if found is None:
            raise StoreError(
                f"the partition {SCHEMA}.{name} has the bounds {bound!r}, and not those of a "
                "range of ids; detach it"
            )
        bounds.append((UUID(found[1]), UUID(found[2])))
    return sorted(bounds)


def _make_month(connection: psycopg.Connection[Any], month: date) -> str:
    name = partition_name(month)
    lower, upper = month_bounds(month)
    names = {"child": sql.Identifier(SCHEMA, name), "parent": sql.Identifier(SCHEMA, TABLE)}
    try:
        # made apart and then attached: `create table ... partition of` would wait for every
        # reader of the parent and hold up every writer meanwhile
        connection.execute(
            sql.SQL(
                "create table {child} (like {parent} including defaults including constraints "
                "including storage)"
            ).format(**names)
        )
        connection.execute(
            sql.SQL(
                "alter table {parent} attach partition {child} "
                "for values from ({lower}) to ({upper})"
            ).format(**names, lower=str(lower), upper=str(upper))
        )
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
        raise StoreError(
            f"the database has no {_PARENT}: its schema was never made; run `study migrate`"
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise StoreError(
            f"the login may not make partitions of {_PARENT} ({one_line(str(error))}); "
            "use the one that owns the database"
        ) from error
    except psycopg.errors.DuplicateTable as error:
        raise StoreError(
            f"{SCHEMA}.{name} exists but is no part of {SCHEMA}.{TABLE}: an archive of that month "
            "did not end; finish it, or attach or drop the table"
        ) from error
    return f"{SCHEMA}.{name}"


def _first_id(month: date) -> UUID:
    start = datetime(month.year, month.month, 1, tzinfo=UTC)
    return UUID(int=int(start.timestamp()) * 1000 << _RANDOM_BITS)


def shift_month(month: date, months: int) -> date:
    """The first day of the month that lies so many months later, or earlier if negative."""
    year, index = divmod(month.year * 12 + month.month - 1 + months, 12)
    return date(year, index + 1, 1)
