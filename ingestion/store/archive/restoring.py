"""Bringing a month back into the log, event for event."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from io import BytesIO
from typing import Any

import psycopg
import pyarrow.csv as pa_csv
from psycopg import sql

from ingestion.store.archive.columns import COLUMNS, as_text, fingerprint_table
from ingestion.store.archive.errors import ArchiveError
from ingestion.store.archive.files import read_file
from ingestion.store.archive.leaving import TRIGGER, shut
from ingestion.store.archive.manifest import (
    Archive,
    ArchiveFile,
    State,
    find_archive,
    list_files,
)
from ingestion.store.archive.target import Target
from ingestion.store.partitions import SCHEMA, TABLE, attach_month, month_bounds, partition_name

# The number PostgreSQL keeps for "long before any transaction": every load has passed it.
_LONG_AGO = "2"
# Events of transactions this server has not come to yet are another's, as are those it was told of.
_RESTAMP = """
update {} set ingest_xid = %(stamp)s::xid8
where ingest_xid >= least(%(first)s::xid8, pg_snapshot_xmax(pg_current_snapshot()))
"""
_NOTE_RESTAMPED = """
update ops.archives
set restamped_from = least(restamped_from, pg_snapshot_xmax(pg_current_snapshot()))
where month = %s
"""
_NOTE = "update ops.archives set state = %s, restored_at = clock_timestamp() where month = %s"
_AS_CSV = pa_csv.WriteOptions(include_header=False)


def restore_month(
    connection: psycopg.Connection[Any], target: Target, month: date, *, reopen: bool = False
) -> Archive:
    """Bring an archived month back, in one transaction: killed, it is as if it had not begun.

    Every file is compared with the manifest, and what stands in the table with what stood there.
    It comes back read-only; with `reopen` it takes late events again, and so does one that is
    back already. `connection`: the owner's, in autocommit; the caller holds what keeps loads
    away. Raises ArchiveError where the month is not archived, or its files are not what they were.
    """
    archive = find_archive(connection, month)
    if archive is None:
        raise ArchiveError(
            f"{month:%Y-%m} is not in the archive: `study archive --dry-run` lists what is"
        )
    with connection.transaction():
        if archive.state == State.ARCHIVED:
            _bring_back(connection, target, archive)
        elif archive.state not in (State.RESTORED, State.REOPENED):
            raise ArchiveError(
                f"{month:%Y-%m} is on its way into the archive ({archive.state}): let `study "
                "archive` end that first"
            )
        state = State.RESTORED
        if reopen or archive.state == State.REOPENED:
            state = State.REOPENED
            connection.execute(
                sql.SQL("drop trigger if exists {} on {}").format(
                    sql.Identifier(TRIGGER), sql.Identifier(SCHEMA, partition_name(month))
                )
            )
        connection.execute(_NOTE, [state, month])
    return find_archive(connection, month) or archive


def _bring_back(connection: psycopg.Connection[Any], target: Target, archive: Archive) -> None:
    month = archive.month
    table = sql.Identifier(SCHEMA, partition_name(month))
    connection.execute(
        sql.SQL(
            "create table {} (like {} including defaults including constraints including storage)"
        ).format(table, sql.Identifier(SCHEMA, TABLE))
    )
    for events in _read_ahead(target, list_files(connection, month)):
        _copy(connection, table, events)
    found = fingerprint_table(connection, table)
    if found != archive.fingerprint:
        raise ArchiveError(
            f"{month:%Y-%m} came back with {found.count} events ({found.digits}) and left with "
            f"{archive.row_count} ({archive.row_hash}): nothing was changed; report it"
        )
    first = None if archive.restamped_from is None else str(archive.restamped_from)
    bounds = {"stamp": _LONG_AGO, "first": first}
    if connection.execute(sql.SQL(_RESTAMP).format(table), bounds).rowcount:
        connection.execute(_NOTE_RESTAMPED, [month])
    lower, upper = month_bounds(month)
    # With it, attaching need not read the table once more.
    connection.execute(
        sql.SQL("alter table {} add constraint {} check ({})").format(
            table,
            sql.Identifier(f"{partition_name(month)}_ids"),
            sql.SQL("event_id is not null and event_id >= {} and event_id < {}").format(
                str(lower), str(upper)
            ),
        )
    )
    attach_month(connection, month)
    connection.execute(sql.SQL("analyze {}").format(table))
    shut(connection, table)


def _read_ahead(target: Target, files: Sequence[ArchiveFile]) -> Iterator[BytesIO]:
    """The events of files as CSV, the next read and compared while the database takes one."""
    with ThreadPoolExecutor(1) as reader:
        coming = deque(reader.submit(_read_as_csv, target, file) for file in files[:1])
        for file in files[1:]:
            coming.append(reader.submit(_read_as_csv, target, file))
            yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def _read_as_csv(target: Target, file: ArchiveFile) -> BytesIO:
    text = BytesIO()
    pa_csv.write_csv(as_text(read_file(target, file)), text, _AS_CSV)
    return text


def _copy(connection: psycopg.Connection[Any], table: sql.Identifier, text: BytesIO) -> None:
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(
        table, sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text.getbuffer())
