"""File locks held by the kernel, so that a killed process leaves none behind."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingestion.store.errors import StoreError


def open_lock(path: Path) -> int:
    """Open a lock file, making it when absent; the caller closes the descriptor.

    Raises StoreError when it may not be opened.
    """
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"the lock file {path} cannot be opened ({error.strerror}): another user may have made "
            "it; run as that user, or set STUDY_HOME to a folder of your own"
        ) from error


def try_exclusive(descriptor: int) -> bool:
    """Take the lock for oneself alone, or answer False at once.

    A shared lock held through the same descriptor is given up either way: converting is not
    atomic. Call it on a shared lock only when about to leave.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def take_shared(descriptor: int) -> None:
    """Take the lock together with others, waiting for an exclusive holder to leave."""
    fcntl.flock(descriptor, fcntl.LOCK_SH)


@contextmanager
def hold_exclusive(path: Path) -> Iterator[None]:
    """Hold the lock alone for the length of the block, waiting for whoever has it."""
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
