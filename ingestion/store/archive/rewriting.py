"""Taking one learner out of the archive: the learner's bucket of a month, written anew."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import psycopg

from ingestion.store.archive.target import Target


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
    raise NotImplementedError


def list_archived(connection: psycopg.Connection) -> list[date]:
    """The first days of the months that have files in the archive, oldest first.

    For whoever takes a learner out of all of them.
    """
    raise NotImplementedError
