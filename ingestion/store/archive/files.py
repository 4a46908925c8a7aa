"""Writing a file and reading it back; sweeping away what the manifest does not name."""

from datetime import date
from typing import Any

import psycopg
import pyarrow as pa

from ingestion.store.archive.buckets import folder_of, new_path
from ingestion.store.archive.columns import SCHEMA, fingerprint_events
from ingestion.store.archive.errors import ArchiveError
from ingestion.store.archive.manifest import ArchiveFile, list_files
from ingestion.store.archive.target import Target


def write_file(target: Target, month: date, bucket: int, events: pa.Table) -> ArchiveFile:
    """Write a bucket's events, and describe the file by what the store gives back of it.

    Raises ArchiveError where that is not the file as it was written.
    """
    path = new_path(month, bucket)
    stored = target.write(path, events)
    back, found = target.read(path)
    if found != stored or back.num_rows != events.num_rows:
        raise ArchiveError(
            f"{path} was written to {target.url} with {events.num_rows} events and comes back with "
            f"{back.num_rows}, or with other bytes: do not trust that store; nothing was dropped"
        )
    return ArchiveFile.of(month, bucket, path, fingerprint_events(back), stored)


def read_file(target: Target, file: ArchiveFile) -> pa.Table:
    """The events of a file, exactly those it was noted down with.

    Raises ArchiveError where it is gone, is another, or holds something else.
    """
    events, found = target.read(file.path)
    if (found.size, found.sha256) != (file.bytes, file.sha256):
        raise ArchiveError(
            f"{file.path} in {target.url} is not the file that was written: {found.size} bytes "
            f"where {file.bytes} were; bring the right one back from that store's own versions"
        )
    if events.schema.remove_metadata() != SCHEMA.remove_metadata():
        raise ArchiveError(
            f"{file.path} in {target.url} has columns of another version; use the version of "
            "the project that wrote it"
        )
    if fingerprint_events(events) != file.fingerprint:
        raise ArchiveError(
            f"{file.path} in {target.url} does not hold the events it was written with, though its "
            "bytes are the same: this version of the project reads it otherwise; report it"
        )
    return events


def sweep(connection: psycopg.Connection[Any], target: Target, month: date) -> list[str]:
    """Delete the month's files that the manifest does not name; returns their paths.

    Whoever writes files of the month at the same time would lose them: callers are alone.
    """
    named = {file.path for file in list_files(connection, month)}
    litter = [path for path in target.list(folder_of(month)) if path not in named]
    for path in litter:
        target.delete(path)
    return litter
