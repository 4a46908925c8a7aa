"""A lifecycle run, or a restore, that kills itself: by manner `step` before statement or file
`number`, by manner `time` after so many milliseconds, in the middle of whatever it does.
"""

import os
import signal
import threading
from collections.abc import Callable
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from ingestion.store.archive.target import Target, open_target
from orchestration.loads.digests import read_project
from orchestration.retention import restore, retain


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def counting(method: Callable[..., Any], number: int, steps: "count[int]") -> Callable[..., Any]:
    def counted(*arguments: Any, **named: Any) -> Any:
        if next(steps) == number:
            die()
        return method(*arguments, **named)

    return counted


def arm(manner: str, number: int) -> None:
    if manner == "time":
        timer = threading.Timer(number / 1000, die)
        timer.daemon = True
        timer.start()
        return
    steps = count(1)
    for owner, name in (
        (psycopg.Connection, "execute"),
        (psycopg.Cursor, "copy"),
        (psycopg.transaction.Transaction, "__exit__"),
        (Target, "write"),
        (Target, "read"),
        (Target, "delete"),
    ):
        setattr(owner, name, counting(getattr(owner, name), number, steps))


def run(  # noqa: PLR0917 (what a lifecycle run is told)
    url: str, archive: str, manifest: str, as_of: datetime, space: str, manner: str, number: int
) -> None:
    """A lifecycle run, in a process of its own."""
    models = read_project(Path(manifest)).models
    arm(manner, number)
    retain(url, open_target(archive), as_of=as_of, models=models, cold_tablespace=space)


def bring_back(url: str, archive: str, month: date, manner: str, number: int) -> None:
    """A restore of a month, in a process of its own."""
    arm(manner, number)
    restore(url, open_target(archive), month, month)
