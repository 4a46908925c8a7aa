"""Which months are due for what at an instant: made ahead, moved to cold disks, archived."""

from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from ingestion.store.archive.errors import ArchiveError
from ingestion.store.archive.manifest import State
from ingestion.store.partitions import MONTHS_BACK, SCHEMA, TABLE, partition_name, shift_month

COLD_AFTER = timedelta(days=90)
RESTORED_FOR = timedelta(days=7)
"""How long a restored month stays before it goes back: a rebuild takes hours, not weeks."""
_PATIENCE = "5s"

_ATTACHED = """
select to_date(right(partitions.relname, 7), 'YYYY_MM'), spaces.spcname
from pg_inherits as links
join pg_class as partitions on partitions.oid = links.inhrelid
left join pg_tablespace as spaces on spaces.oid = partitions.reltablespace
where links.inhparent = %s::regclass
order by 1
"""

_LISTED = "select month, state, restored_at from ops.archives order by month"

_INDEXES = """
select indexes.oid::regclass::text, spaces.spcname
from pg_index as links
join pg_class as indexes on indexes.oid = links.indexrelid
left join pg_tablespace as spaces on spaces.oid = indexes.reltablespace
where links.indrelid = %s::regclass
order by 1
"""

_AHEAD = """
select count(*)
from pg_inherits as links
join pg_class as partitions on partitions.oid = links.inhrelid
where
    links.inhparent = %s::regclass
    and to_date(right(partitions.relname, 7), 'YYYY_MM') > %s
"""


def count_months_ahead(connection: psycopg.Connection[Any], as_of: datetime) -> int:
    """How many months after that of an instant can take events: 0 is the eve of refusing all."""
    ((count,),) = connection.execute(
        _AHEAD, [f"{SCHEMA}.{TABLE}", as_of.date().replace(day=1)]
    ).fetchall()
    return int(count)


def list_due(
    connection: psycopg.Connection[Any], as_of: datetime, *, returning: bool = False
) -> list[date]:
    """The months whose last event is over two years old at an instant, oldest first.

    Those on their way are among them until they are gone; restored ones only after RESTORED_FOR
    or, with `returning`, at once.
    """
    last = shift_month(as_of.date(), -MONTHS_BACK - 1)
    found = {month for month, _ in _read_attached(connection) if month <= last}
    for month, state, restored_at in connection.execute(_LISTED).fetchall():
        if state == State.ARCHIVED:
            continue
        is_back = state in (State.RESTORED, State.REOPENED)
        if is_back and not returning and restored_at > as_of - RESTORED_FOR:
            found.discard(month)
        else:
            found.add(month)
    return sorted(found)


def list_warm(connection: psycopg.Connection[Any], as_of: datetime, tablespace: str) -> list[date]:
    """The months that ended over 90 days before an instant and are not in a tablespace, whole."""
    known = connection.execute("select from pg_tablespace where spcname = %s", [tablespace])
    if known.fetchone() is None:
        raise ArchiveError(
            f"there is no tablespace {tablespace!r} (STUDY_COLD_TABLESPACE): make it with "
            f"`create tablespace {tablespace} location '/mnt/cold/...'`, or unset it"
        )
    return [
        month
        for month, _ in _read_attached(connection)
        if shift_month(month, 1) <= (as_of - COLD_AFTER).date()
        and _list_parts(connection, month, tablespace)
    ]


def cool(connection: psycopg.Connection[Any], month: date, tablespace: str) -> None:
    """Move a month's table and indexes to a tablespace, each by itself; what is there stays.

    Readers and writers of that month wait while a table is copied. Killed, the rest is moved the
    next time. Raises psycopg.errors.LockNotAvailable where it is in use for too long.
    """
    for statement in _list_parts(connection, month, tablespace):
        with connection.transaction():
            connection.execute(sql.SQL("set local lock_timeout = {}").format(_PATIENCE))
            connection.execute(statement)


def _list_parts(
    connection: psycopg.Connection[Any], month: date, tablespace: str
) -> list[sql.Composed]:
    name = f"{SCHEMA}.{partition_name(month)}"
    place = sql.Identifier(tablespace)
    tables = [space for each, space in _read_attached(connection) if each == month]
    parts = [
        sql.SQL("alter table {} set tablespace {}").format(
            sql.Identifier(SCHEMA, partition_name(month)), place
        )
        for space in tables
        if space != tablespace
    ]
    for index, space in connection.execute(_INDEXES, [name]).fetchall():
        if space != tablespace:
            schema, _, own = index.partition(".")
            parts.append(
                sql.SQL("alter index {} set tablespace {}").format(
                    sql.Identifier(schema, own), place
                )
            )
    return parts


def _read_attached(connection: psycopg.Connection[Any]) -> list[tuple[date, str | None]]:
    return connection.execute(_ATTACHED, [f"{SCHEMA}.{TABLE}"]).fetchall()
