"""The steps by which a month leaves the log: closed, exported, detached, dropped."""

from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from ingestion.store.archive.columns import Fingerprint
from ingestion.store.archive.errors import ArchiveError
from ingestion.store.archive.exporting import export_month
from ingestion.store.archive.manifest import Archive, State, find_archive, forget_files, set_state
from ingestion.store.archive.target import Target
from ingestion.store.partitions import SCHEMA, TABLE, month_bounds, partition_name

TRIGGER = "refuse_closed_month"
_PATIENCE = "5s"  # for the writers of a month of two years ago, of which there are hardly any

_NOTE_CLOSED = """
insert into ops.archives as archives (month, lower_id, upper_id, state)
values (%s, %s, %s, 'closing')
on conflict (month) do update set state = excluded.state, closed_at = clock_timestamp()
where archives.state in ('restored', 'reopened')
"""

# What is written from now on are this server's own transactions, and those of long ago.
_NOTE_OWN = "update ops.archives set restamped_from = null where month = %s"

_LINK = """
select links.inhdetachpending
from pg_inherits as links
join pg_class as partitions on partitions.oid = links.inhrelid
where links.inhparent = %s::regclass and partitions.relname = %s
"""


def leave(
    connection: psycopg.Connection[Any],
    url: str,
    target: Target,
    month: date,
    *,
    staging_digest: str | None = None,
) -> Archive:
    """Bring a month into the archive and out of the log, from wherever an earlier try was killed.

    `connection`: the owner's, in autocommit; `url` opens more of the same. The caller holds what
    keeps loads away: a load must see the month either in the log or as kept. Nothing is dropped
    that was not read back. Raises ArchiveError, and psycopg.errors.LockNotAvailable where
    somebody writes to the month for too long.
    """
    archive = find_archive(connection, month)
    if archive is None or archive.state in (State.RESTORED, State.REOPENED):
        close_month(connection, month, changed=archive is not None and _is_changed(archive))
        archive = find_archive(connection, month)
    if archive is not None and archive.state == State.CLOSING:
        export_month(connection, url, target, month, staging_digest=staging_digest)
    archive = find_archive(connection, month)
    if archive is None:
        raise ArchiveError(f"the manifest forgot {month:%Y-%m} meanwhile: nothing was dropped")
    if archive.state in (State.VERIFIED, State.DETACHING):
        detach_month(connection, archive)
        drop_month(connection, month)
    return find_archive(connection, month) or archive


def _is_changed(restored: Archive) -> bool:
    """Whether a month's events are others than its files': late ones came, or stamps are new."""
    return restored.state == State.REOPENED or restored.restamped_from is not None


def close_month(connection: psycopg.Connection[Any], month: date, *, changed: bool) -> None:
    """Let a month take no more events, in one transaction with the word of it."""
    table = sql.Identifier(SCHEMA, partition_name(month))
    with connection.transaction():
        connection.execute(sql.SQL("set local lock_timeout = {}").format(_PATIENCE))
        connection.execute(_NOTE_CLOSED, [month, *map(str, month_bounds(month))])
        if changed:
            # In which of its files, nobody knows: all are written anew.
            forget_files(connection, month)
            connection.execute(_NOTE_OWN, [month])
        shut(connection, table)


def shut(connection: psycopg.Connection[Any], table: sql.Identifier) -> None:
    """Refuse inserts into a month's table, from when the caller's transaction ends."""
    connection.execute(
        sql.SQL(
            "create or replace trigger {trigger} before insert on {table} "
            "for each row execute function {function}()"
        ).format(
            trigger=sql.Identifier(TRIGGER),
            table=table,
            function=sql.Identifier(SCHEMA, TRIGGER),
        )
    )


def detach_month(connection: psycopg.Connection[Any], archive: Archive) -> None:
    """Take a verified month out of the log, without stopping those who read or write others."""
    name = partition_name(archive.month)
    pending = _is_pending(connection, name)
    if pending is None:
        if archive.state != State.DETACHING:
            raise ArchiveError(
                f"{SCHEMA}.{name} is verified and yet no part of {SCHEMA}.{TABLE}: somebody "
                "detached it; attach it again, then run `study archive`"
            )
        return
    if archive.state == State.VERIFIED:
        _require_unchanged(connection, archive)
        set_state(connection, archive.month, State.DETACHING)
    how = "finalize" if pending else "concurrently"
    try:
        connection.execute(
            sql.SQL(f"alter table {{}} detach partition {{}} {how}").format(
                sql.Identifier(SCHEMA, TABLE), sql.Identifier(SCHEMA, name)
            )
        )
    except (psycopg.errors.ObjectNotInPrerequisiteState, psycopg.errors.UndefinedTable):
        # The server may still have been at it for one who was killed, and have ended it now.
        if _is_pending(connection, name) is not None:
            raise


def drop_month(connection: psycopg.Connection[Any], month: date) -> None:
    """Drop a detached month's table, in one transaction with the word of it."""
    table = sql.Identifier(SCHEMA, partition_name(month))
    with connection.transaction():
        connection.execute(sql.SQL("drop table if exists {}").format(table))
        connection.execute(
            "update ops.archives set state = %s, archived_at = clock_timestamp() where month = %s",
            [State.ARCHIVED, month],
        )


def count_rows(connection: psycopg.Connection[Any], month: date) -> int:
    """The rows of a month's table."""
    table = sql.Identifier(SCHEMA, partition_name(month))
    ((rows,),) = connection.execute(sql.SQL("select count(*) from {}").format(table)).fetchall()
    return int(rows)


def _require_unchanged(connection: psycopg.Connection[Any], archive: Archive) -> None:
    # A whole hash was taken moments ago, or before a kill: since then only an owner could have
    # changed the table, by hand.
    rows = count_rows(connection, archive.month)
    expected: Fingerprint = archive.fingerprint
    if rows != expected.count:
        set_state(connection, archive.month, State.CLOSING)
        forget_files(connection, archive.month)
        raise ArchiveError(
            f"{archive.month:%Y-%m} has {rows} events and {expected.count} when it was verified: "
            "nothing was dropped; run `study archive` again"
        )


def _is_pending(connection: psycopg.Connection[Any], name: str) -> bool | None:
    """Whether a partition's detaching has begun; None where it is no partition."""
    row = connection.execute(_LINK, [f"{SCHEMA}.{TABLE}", name]).fetchone()
    return None if row is None else bool(row[0])
