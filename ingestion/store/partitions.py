"""The monthly partitions of `raw.study_events`: bounded by the instant inside a UUIDv7."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
    where pg_inherits.inhparent = to_regclass(%s) and not pg_inherits.inhdetachpending
"""
_ARCHIVED = "select lower_id, upper_id from ops.archives where state <> 'reopened'"
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
    stopping those who insert or read meanwhile. An archived month is not made: in an empty one an
    event that is in the archive would be new again. Raises StoreError when a month's table exists
    but is not part of raw.study_events.
    """
    made = []
    with _explained(), connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_PARTITION_LOCK])
        attached = {name for name, _ in _fetch_children(connection)}
        archived = connection.execute("select month from ops.archives").fetchall()
        kept = attached.union(partition_name(day) for (day,) in archived)
        month = first.replace(day=1)
        while month <= last:
            if partition_name(month) not in kept:
                made.append(_make_month(connection, month))
            month = shift_month(month, 1)
    return made


def make_coming_months(connection: psycopg.Connection[Any], today: date) -> list[str]:
    """Make the partitions of today's month and the next ones; returns the names made.

    Not done in time, every event is turned away once the last month is over.
    """
    return make_months(connection, today, shift_month(today, MONTHS_AHEAD))


@dataclass(frozen=True)
class Months:
    """The months of the log, by their ids, each list sorted.

    `open` take events; `archived` are closed for good, be they away or restored read-only.
    """

    open: list[Month]
    archived: list[Month]

    @classmethod
    def of(cls, children: Iterable[tuple[str, str | None]], archived: Iterable[Month]) -> "Months":
        """Sort what the catalogue and the manifest say."""
        closed = sorted(archived)
        return cls([each for each in _read_bounds(children) if each not in closed], closed)


def open_months(connection: psycopg.Connection[Any]) -> list[Month]:
    """The ids [lower, upper) that can be stored now, one pair for each partition, sorted.

    For roles that may write or transform.
    """
    archived = connection.execute(_ARCHIVED).fetchall()
    return Months.of(_fetch_children(connection), archived).open


async def read_months(connection: psycopg.AsyncConnection[Any]) -> Months:
    """The months that are open and those that are archived, for those who serve requests."""
    # Archived first: one that is closed in between is then refused as too old, not stored.
    archived = await (await connection.execute(_ARCHIVED)).fetchall()
    children = await (await connection.execute(_CHILDREN, [_PARENT])).fetchall()
    return Months.of(children, archived)


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
    names = {"child": sql.Identifier(SCHEMA, name), "parent": sql.Identifier(SCHEMA, TABLE)}
    # made apart and then attached: `create table ... partition of` would wait for every
    # reader of the parent and hold up every writer meanwhile
    try:
        connection.execute(
            sql.SQL(
                "create table {child} (like {parent} including defaults including constraints "
                "including storage)"
            ).format(**names)
        )
    except psycopg.errors.DuplicateTable as error:
        raise StoreError(
            f"{SCHEMA}.{name} exists but is no part of {SCHEMA}.{TABLE}: an archive of that month "
            "did not end; finish it, or attach or drop the table"
        ) from error
    attach_month(connection, month)
    return f"{SCHEMA}.{name}"


def attach_month(connection: psycopg.Connection[Any], month: date) -> None:
    """Make a month's table, which exists, part of the log, in the caller's transaction.

    It is scanned for ids of other months unless a check constraint rules them out.
    """
    lower, upper = month_bounds(month)
    statement = sql.SQL(
        "alter table {parent} attach partition {child} for values from ({lower}) to ({upper})"
    )
    connection.execute(
        statement.format(
            parent=sql.Identifier(SCHEMA, TABLE),
            child=sql.Identifier(SCHEMA, partition_name(month)),
            lower=str(lower),
            upper=str(upper),
        )
    )


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
        raise StoreError(
            f"the database has no {_PARENT}: its schema was never made; run `study migrate`"
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise StoreError(
            f"the login may not make partitions of {_PARENT} ({one_line(str(error))}); "
            "use the one that owns the database"
        ) from error


def _first_id(month: date) -> UUID:
    start = datetime(month.year, month.month, 1, tzinfo=UTC)
    return UUID(int=int(start.timestamp()) * 1000 << _RANDOM_BITS)


def shift_month(month: date, months: int) -> date:
    """The first day of the month that lies so many months later, or earlier if negative."""
    year, index = divmod(month.year * 12 + month.month - 1 + months, 12)
    return date(year, index + 1, 1)
