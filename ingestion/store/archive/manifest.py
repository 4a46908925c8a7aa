"""The manifest of the archive: `ops.archives`, a row a month, and `ops.archive_files`."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import class_row

from ingestion.store.archive.columns import NOTHING, Fingerprint
from ingestion.store.archive.target import Stored


class State(StrEnum):
    """Where a month is on its way; the comment on the column says what each means."""

    CLOSING = "closing"
    VERIFIED = "verified"
    DETACHING = "detaching"
    ARCHIVED = "archived"
    RESTORED = "restored"
    REOPENED = "reopened"


@dataclass(frozen=True)
class Archive:
    """A row of `ops.archives`. What is None is not known before the month is verified."""

    month: date
    state: str
    location: str | None
    schema_version: int | None
    bucket_count: int | None
    row_count: int | None
    row_hash: str | None
    last_xid: int | None
    erased_count: int
    table_bytes: int | None
    key_name: str | None
    cluster_id: str | None
    restamped_from: int | None

    @property
    def fingerprint(self) -> Fingerprint:
        """What the archive holds of the month."""
        return Fingerprint.read(self.row_count or 0, self.row_hash or NOTHING.digits)


@dataclass(frozen=True)
class ArchiveFile:
    """A row of `ops.archive_files`: `path` is below the archive's root."""

    month: date
    bucket: int
    path: str
    row_count: int
    row_hash: str
    bytes: int
    sha256: str

    @classmethod
    def of(
        cls, month: date, bucket: int, path: str, found: Fingerprint, stored: Stored
    ) -> "ArchiveFile":
        """The row of a file that was read back."""
        return cls(month, bucket, path, found.count, found.digits, stored.size, stored.sha256)

    @property
    def fingerprint(self) -> Fingerprint:
        """What the file holds."""
        return Fingerprint.read(self.row_count, self.row_hash)


_ARCHIVES = """
select
    month, state, location, schema_version, bucket_count, row_count, row_hash,
    last_xid::text::bigint as last_xid, erased_count, table_bytes, key_name, cluster_id,
    restamped_from::text::bigint as restamped_from
from ops.archives
where %(month)s::date is null or month = %(month)s
order by month
"""

_FILES = """
select month, bucket, path, row_count, row_hash, bytes, sha256
from ops.archive_files
where month = %s
order by bucket
"""

_NOTE_FILE = """
insert into ops.archive_files (month, bucket, path, row_count, row_hash, bytes, sha256)
values (
    %(month)s, %(bucket)s, %(path)s, %(row_count)s, %(row_hash)s, %(bytes)s, %(sha256)s
)
on conflict (month, bucket) do update set
    path = excluded.path,
    row_count = excluded.row_count,
    row_hash = excluded.row_hash,
    bytes = excluded.bytes,
    sha256 = excluded.sha256,
    written_at = clock_timestamp()
"""


def list_archives(connection: psycopg.Connection[Any], month: date | None = None) -> list[Archive]:
    """The months in the manifest, or the one of them asked for, oldest first."""
    with connection.cursor(row_factory=class_row(Archive)) as cursor:
        return cursor.execute(_ARCHIVES, {"month": month}).fetchall()


def find_archive(connection: psycopg.Connection[Any], month: date) -> Archive | None:
    """The row of a month, given by its first day."""
    return next(iter(list_archives(connection, month)), None)


def list_files(connection: psycopg.Connection[Any], month: date) -> list[ArchiveFile]:
    """The files of a month, by bucket."""
    with connection.cursor(row_factory=class_row(ArchiveFile)) as cursor:
        return cursor.execute(_FILES, [month]).fetchall()


def note_file(connection: psycopg.Connection[Any], file: ArchiveFile) -> None:
    """Name a file, in place of the one its bucket had."""
    connection.execute(_NOTE_FILE, vars(file))


def forget_files(connection: psycopg.Connection[Any], month: date) -> None:
    """Name none of a month's files any more: they are litter then, to be swept away."""
    connection.execute("delete from ops.archive_files where month = %s", [month])


def set_state(connection: psycopg.Connection[Any], month: date, state: State) -> None:
    """Say where a month is now."""
    connection.execute("update ops.archives set state = %s where month = %s", [state, month])
