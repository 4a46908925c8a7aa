"""A lifecycle run, or a restore, that kills itself: by manner `step` before statement or file
`number`, by manner `late` before that of those behind the word that a month is verified, by manner
`time` after so many milliseconds, in the middle of whatever it does.
"""

import os
import signal
import threading
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg

from ingestion.store.archive.target import Target, open_target
from orchestration.loads.digests import read_project
from orchestration.retention import restore, retain


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Steps:
    """Counts what a process does, from its start or from when a month is known to be verified."""

    def __init__(self, number: int, *, late: bool) -> None:
        self._number, self._counts = number, not late

    def counting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            if self._counts:
                self._number -= 1
                if not self._number:
                    die()
            self._counts |= any("verified_at = " in str(each) for each in arguments[1:2])
            return method(*arguments, **named)

        return counted


def arm(manner: str, number: int) -> None:
    if manner == "time":
        timer = threading.Timer(number / 1000, die)
        timer.daemon = True
        timer.start()
        return
    steps = Steps(number, late=manner == "late")
    for owner, name in (
        (psycopg.Connection, "execute"),
        (psycopg.Cursor, "copy"),
        (psycopg.transaction.Transaction, "__exit__"),
        (Target, "write"),
        (Target, "read"),
        (Target, "delete"),
    ):
        setattr(owner, name, steps.counting(getattr(owner, name)))


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
