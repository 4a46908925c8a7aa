"""A lifecycle run that kills itself: `python -m tests.custody.victim URL ARCHIVE MANIFEST AS_OF
SPACE MANNER NUMBER`. MANNER `step`: before statement or file NUMBER; `time`: after NUMBER ms.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from ingestion.store.archive.target import Target, open_target
from orchestration.loads.digests import read_project
from orchestration.retention import retain


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


if __name__ == "__main__":
    url, archive, manifest, as_of, space, manner, number = sys.argv[1:]
    models = read_project(Path(manifest)).models
    arm(manner, int(number))
    retain(
        url,
        open_target(archive),
        as_of=datetime.fromisoformat(as_of),
        models=models,
        cold_tablespace=space or None,
    )
