"""Taking one learner out of the archive: the learner's bucket of a month, written anew."""

from dataclasses import dataclass
from datetime import date
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
    find_archive,
    list_archives,
    list_files,
    note_file,
)
from ingestion.store.archive.target import Target

_NOTE_ERASED = """
update ops.archives
set row_count = %s, row_hash = %s, erased_count = erased_count + %s
where month = %s
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
    connection: psycopg.Connection, target: Target, month: date, *, drop: UUID
) -> Rewrite | None:
    """Take a learner's events out of an archived month; None where the month is not archived.

    `connection`: the owner's, in autocommit. `target`: where the archive lies, by
    `ingestion.store.archive.target.open_target`. `month`: any day of it. Only the file of the
    learner's bucket is read and, where the learner is in it, written anew, read back from the
    store and compared; then one transaction points the manifest at the new file, and the old
    one is deleted. Killed anywhere, it is done by calling it again: a file the manifest does not
    name is swept away by the next call on that month.

    A restored month is rewritten, too: its events in `raw.study_events` are the caller's to
    delete, in either order. Raises ArchiveError when the store cannot be read or does not give
    back what was written; the manifest then names the old file still.
    """
    archive = find_archive(connection, month.replace(day=1))
    if archive is None or archive.bucket_count is None:
        return None
    sweep(connection, target, archive.month)
    bucket = bucket_of_learner(drop, archive.bucket_count)
    files = {file.bucket: file for file in list_files(connection, archive.month)}
    if bucket not in files:
        return Rewrite(archive.month, bucket, 0, "0" * 16, "0" * 16)
    old = files[bucket]
    events = read_file(target, old)
    is_of_learner = pc.equal(events["user_id"], pa.scalar(drop.bytes, pa.binary(16)))
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
    _point_at(connection, archive, new, gone)
    target.delete(old.path)
    return Rewrite(archive.month, bucket, gone.num_rows, old.row_hash, new.row_hash)


def list_archived(connection: psycopg.Connection) -> list[date]:
    """The first days of the months that have files in the archive, oldest first.

    For whoever takes a learner out of all of them.
    """
    return [archive.month for archive in list_archives(connection) if archive.bucket_count]


def _point_at(
    connection: psycopg.Connection, archive: Archive, new: ArchiveFile, gone: pa.Table
) -> None:
    whole = archive.fingerprint - fingerprint_events(gone)
    with connection.transaction():
        note_file(connection, new)
        connection.execute(_NOTE_ERASED, [whole.count, whole.digits, gone.num_rows, archive.month])
