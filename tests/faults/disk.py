"""A disk that is too small: a file system in memory, and the ballast that fills it."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_MEBIBYTE = 1024 * 1024


@contextmanager
def small_disk(folder: Path, *, mebibytes: int) -> Iterator[Path]:
    """A file system of that size in a folder made for it; the test is skipped where none may be."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0755", "tmpfs", str(folder)]
    try:
        done = subprocess.run(words, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("a small disk needs `mount`, which is not here")
    if done.returncode:
        pytest.skip(f"a small disk needs the right to mount: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Take all that is left of a disk."""
    with ballast(disk).open("ab", buffering=0) as sink:
        for size in (_MEBIBYTE, 4096):
            while _extended(sink.fileno(), size):
                pass


def free(disk: Path) -> None:
    """Give back what `fill` took."""
    ballast(disk).unlink(missing_ok=True)


def ballast(disk: Path) -> Path:
    """The file that fills a disk."""
    return disk / "ballast"


def _extended(descriptor: int, size: int) -> bool:
    try:
        os.posix_fallocate(descriptor, os.fstat(descriptor).st_size, size)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
    return True
