"""The running server as its own `postmaster.pid` and the kernel tell of it."""

import time
from dataclasses import dataclass
from pathlib import Path

import psutil

POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Postmaster:
    """What a server wrote into `postmaster.pid`."""

    pid: int
    port: int
    state: str
    """`starting`, `ready`, `stopping`; `standby` for a replica."""


def read_postmaster(data: Path) -> Postmaster | None:
    """The server of a data folder, None when its file is absent or not written to the end.

    The file outlives a killed server: see `is_serving`.
    """
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, PermissionError):
        return None
    if len(lines) < 8 or not lines[0].strip().isdigit() or not lines[3].strip().isdigit():
        return None
    return Postmaster(pid=int(lines[0]), port=int(lines[3]), state=lines[7].strip())


def is_serving(postmaster: Postmaster, data: Path) -> bool:
    """Whether that process is alive and is the server of that folder.

    The number alone proves nothing: after a restart of the machine or container it names some
    other process, and stopping "the server" would end a stranger.
    """
    try:
        process = psutil.Process(postmaster.pid)
        if process.status() == psutil.STATUS_ZOMBIE or process.name() != "postgres":
            return False
        if process.uids().effective != data.stat().st_uid:
            return False
        return Path(process.cwd()) == data.resolve()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        # root without the right to trace: all else it could read says that it is the server
        return True


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended but was not yet collected does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def await_end(pid: int, *, seconds: float) -> bool:
    """Wait until a process has ended; False when it still runs after that many seconds."""
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
