"""Taking one learner out of the archive: the learner's bucket of a month, written anew."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.store.archive.buckets import bucket_of_learner
from ingestion.store.archive.columns import fingerprint_events
from ingestion.store.archive.errors import ArchiveError
from ingestion.store.archive.files import read_file, sweep, write_file
from ingestion.store.archive.manifest import (
    Archive,
    ArchiveFile,
    State,
    find_archive,
    list_archives,
    list_files,
    note_file,
)
from ingestion.store.archive.target import Target

_NOTE_ERASED = """
update ops.archives
set
    row_count = %s, row_hash = %s, erased_count = erased_count + %s,
    booked_count = booked_count - %s
where month = %s
"""

Unbook: TypeAlias = Callable[[psycopg.Connection[Any], Mapping[int, int]], int]
"""Takes events out of the books, given how many of each transaction; returns how many were in them.

A month that comes back is held against the books: they are lowered where its file is.
"""


@dataclass(frozen=True)
class Rewrite:
    """What became of one archived month.

    `removed`: events of the learner that were in it. `hash_before` and `hash_after` are the
    order-free hashes of the bucket's events (16 hexadecimal digits), equal where there were none.
    """

    month: date
    bucket: int
    removed: int
    hash_before: str
    hash_after: str


def rewrite(
    connection: psycopg.Connection[Any], target: Target, month: date, *, drop: UUID, unbook: Unbook
) -> Rewrite | None:
    """Take a learner's events out of an archived month; None where the month is not archived.

    `connection`: the owner's, in autocommit. `target`: where the archive lies, by
    `ingestion.store.archive.target.open_target`. `month`: any day of it. Only the file of the
    learner's bucket is read and, where the learner is in it, written anew, read back from the
    store and compared; then one transaction points the manifest at the new file, and the old
    one is deleted. Killed anywhere, it is done by calling it again: a file the manifest does not
    name is swept away by the next call on that month.

    A restored month is rewritten, too: its events in `raw.study_events` are the caller's to
    delete, with their books, in either order. Raises ArchiveError when the store cannot be read or
    does not give back what was written; the manifest then names the old file still.
    """
    archive = find_archive(connection, month.replace(day=1))
    if archive is None or archive.bucket_count is None:
        return None
    sweep(connection, target, archive.month)
    bucket = bucket_of_learner(drop, archive.bucket_count)
    old = _find_file(connection, archive, drop)
    if old is None:
        return Rewrite(archive.month, bucket, 0, "0" * 16, "0" * 16)
    events = read_file(target, old)
    is_of_learner = _match(events, drop)
    gone = events.filter(is_of_learner)
    if not gone.num_rows:
        return Rewrite(archive.month, bucket, 0, old.row_hash, old.row_hash)
    left = old.fingerprint - fingerprint_events(gone)
    new = write_file(target, archive.month, bucket, events.filter(pc.invert(is_of_learner)))
    if new.fingerprint != left:
        raise ArchiveError(
            f"{new.path} does not hold what {old.path} does without one learner: nothing was "
            "changed; report it"
        )
    _point_at(connection, archive, new, gone, unbook)
    target.delete(old.path)
    return Rewrite(archive.month, bucket, gone.num_rows, old.row_hash, new.row_hash)


def count_archived(
    connection: psycopg.Connection[Any], target: Target, month: date, learner: UUID
) -> int:
    """Events of a learner in an archived month; 0 where the month is not archived."""
    archive = find_archive(connection, month.replace(day=1))
    file = archive and _find_file(connection, archive, learner)
    if not file:
        return 0
    return int(pc.sum(_match(read_file(target, file), learner)).as_py() or 0)


def list_archived(connection: psycopg.Connection[Any]) -> list[date]:
    """The first days of the months that have files in the archive, oldest first.

    For whoever takes a learner out of all of them.
    """
    return [archive.month for archive in list_archives(connection) if archive.bucket_count]


def _find_file(
    connection: psycopg.Connection[Any], archive: Archive, learner: UUID
) -> ArchiveFile | None:
    bucket = bucket_of_learner(learner, archive.bucket_count or 1)
    files = list_files(connection, archive.month)
    return next((file for file in files if file.bucket == bucket), None)


def _match(events: pa.Table, learner: UUID) -> pa.ChunkedArray:
    return pc.equal(events["user_id"], pa.scalar(learner.bytes, pa.binary(16)))


def _point_at(
    connection: psycopg.Connection[Any],
    archive: Archive,
    new: ArchiveFile,
    gone: pa.Table,
    unbook: Unbook,
) -> None:
    whole = archive.fingerprint - fingerprint_events(gone)
    first = archive.restamped_from
    with connection.transaction():
        note_file(connection, new)
        booked = 0
        # Those of a restored month are in the books as long as they are in the log.
        if archive.state not in (State.RESTORED, State.REOPENED):
            xids = Counter(map(int, gone["ingest_xid"].to_pylist()))
            own = {xid: count for xid, count in xids.items() if first is None or xid < first}
            booked = unbook(connection, own)
        noted = [whole.count, whole.digits, gone.num_rows, booked, archive.month]
        connection.execute(_NOTE_ERASED, noted)
