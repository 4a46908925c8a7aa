"""What goes wrong with the archive."""

from ingestion.store.errors import StoreError


class ArchiveError(StoreError):
    """The archive cannot be written, read or believed. The message is one line: what, why, what
    to do. It never holds a key or a password.
    """
