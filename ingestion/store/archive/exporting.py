"""From a closed month's table to files that were read back and hold what the table holds."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pyarrow as pa
from psycopg import sql

from ingestion.store.archive.buckets import BUCKET_OF_ROW, count_buckets, deal, in_form
from ingestion.store.archive.columns import (
    NOTHING,
    SCHEMA_VERSION,
    Fingerprint,
    fingerprint_table,
    select_columns,
)
from ingestion.store.archive.errors import ArchiveError
from ingestion.store.archive.files import read_file, sweep, write_file
from ingestion.store.archive.manifest import (
    ArchiveFile,
    State,
    forget_files,
    list_files,
    note_file,
)
from ingestion.store.archive.target import Target
from ingestion.store.partitions import SCHEMA, partition_name

ROWS_IN_MEMORY = 4_000_000
"""Of a larger month some buckets after the others are read, each time from the whole table: an
event takes 400 bytes here, and twice that while it is sorted.
"""
_WRITERS = 2

_MEASURE = """
select
    pg_total_relation_size(%(table)s::regclass),
    (select system_identifier::text from pg_control_system())
"""

_BOOKED = """
with
first as (
    select coalesce(first_xid, ingest_xid) as ingest_xid
    from raw.landings where ingest_xid > '2' order by raw.landings.ingest_xid limit 1
)
select
    (select ingest_xid::text from {table} order by ingest_xid desc limit 1),
    (select max(occurred_at) from {table}),
    (select count(*) from {table} where ingest_xid >= (select ingest_xid from first))
"""

_VERIFIED = """
update ops.archives
set
    state = %(state)s, location = %(location)s, schema_version = %(schema_version)s,
    bucket_count = %(bucket_count)s, row_count = %(row_count)s, row_hash = %(row_hash)s,
    booked_count = %(booked_count)s, last_xid = %(last_xid)s::text::xid8,
    last_occurred_at = %(last_occurred_at)s,
    table_bytes = %(table_bytes)s, key_name = %(key_name)s, cluster_id = %(cluster_id)s,
    staging_digest = %(staging_digest)s, verified_at = clock_timestamp()
where month = %(month)s
"""


def export_month(
    connection: psycopg.Connection[Any],
    url: str,
    target: Target,
    month: date,
    *,
    staging_digest: str | None,
) -> Fingerprint:
    """Bring a closed month to the store and back, and note down what the archive holds.

    Each file is named in the manifest when it was read back, so that a killed export goes on with
    the buckets that are missing. The whole is compared with the table by the database's own count
    and hash. Raises ArchiveError where they differ: the files are then forgotten.
    """
    table = sql.Identifier(SCHEMA, partition_name(month))
    ((rows,),) = connection.execute(sql.SQL("select count(*) from {}").format(table)).fetchall()
    buckets = count_buckets(rows)
    with ThreadPoolExecutor(1) as beside:
        # At the same time: it reads the table by itself, whatever the export makes of it.
        own = beside.submit(_fingerprint, url, table)
        done = {file.bucket: file for file in _check_named(connection, target, month)}
        for file in _write_missing(url, target, month, rows, buckets, set(done)):
            note_file(connection, file)
            done[file.bucket] = file
        in_table = own.result()
    in_store = sum((file.fingerprint for file in done.values()), NOTHING)
    if in_store != in_table:
        forget_files(connection, month)
        raise ArchiveError(
            f"the archive of {month:%Y-%m} holds {in_store.count} events ({in_store.digits}) and "
            f"the table {in_table.count} ({in_table.digits}): nothing was dropped; run "
            "`study archive` again, which writes its files anew"
        )
    _note_verified(connection, target, month, table, in_table, buckets, staging_digest)
    sweep(connection, target, month)
    return in_table


def _check_named(
    connection: psycopg.Connection[Any], target: Target, month: date
) -> list[ArchiveFile]:
    """The files of the manifest, each read again: of an export that was cut short, or from before
    a restore.
    """
    files = list_files(connection, month)
    for file in files:
        read_file(target, file)
    return files


def _write_missing(  # noqa: PLR0913, PLR0917 (one by one what an export knows)
    url: str, target: Target, month: date, rows: int, buckets: int, done: set[int]
) -> Iterator[ArchiveFile]:
    wanted = [bucket for bucket in range(buckets) if bucket not in done]
    passes = max(1, -(-rows // ROWS_IN_MEMORY))
    for turn in range(passes):
        chosen = wanted[turn::passes]
        if rows and chosen:
            events = _read_buckets(url, month, chosen, buckets)
            dealt = deal(events, buckets) if events.num_rows else []
            with ThreadPoolExecutor(_WRITERS) as writers:
                yield from writers.map(partial(_write_bucket, target, month, events), dealt)


def _write_bucket(
    target: Target, month: date, events: pa.Table, dealt: tuple[int, pa.Array]
) -> ArchiveFile:
    bucket, places = dealt
    return write_file(target, month, bucket, events.take(places))


def _read_buckets(url: str, month: date, chosen: list[int], buckets: int) -> pa.Table:
    query = f"select {select_columns()} from {SCHEMA}.{partition_name(month)}"  # noqa: S608
    if len(chosen) < buckets:
        listed = ", ".join(map(str, chosen))
        query += f" where {BUCKET_OF_ROW} % {buckets} in ({listed})"
    with adbc.connect(url) as source, source.cursor() as cursor:
        cursor.execute(query)
        return in_form(cursor.fetch_arrow_table())


def _fingerprint(url: str, table: sql.Identifier) -> Fingerprint:
    with psycopg.connect(url, autocommit=True) as connection:
        return fingerprint_table(connection, table)


def _note_verified(  # noqa: PLR0913, PLR0917 (a row of the manifest)
    connection: psycopg.Connection[Any],
    target: Target,
    month: date,
    table: sql.Identifier,
    found: Fingerprint,
    buckets: int,
    staging_digest: str | None,
) -> None:
    name = f"{SCHEMA}.{partition_name(month)}"
    ((size, cluster),) = connection.execute(_MEASURE, {"table": name}).fetchall()
    ((last, latest, booked),) = connection.execute(sql.SQL(_BOOKED).format(table=table)).fetchall()
    connection.execute(
        _VERIFIED,
        {
            "month": month,
            "state": State.VERIFIED,
            "location": target.url,
            "schema_version": SCHEMA_VERSION,
            "bucket_count": buckets,
            "row_count": found.count,
            "row_hash": found.digits,
            "booked_count": booked,
            "last_xid": last,
            "last_occurred_at": latest,
            "table_bytes": size,
            "key_name": target.key_name,
            "cluster_id": cluster,
            "staging_digest": staging_digest,
        },
    )
