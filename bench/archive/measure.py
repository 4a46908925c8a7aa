"""A month of events into the archive and back, beside COPY of the same rows: in turns."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import psycopg
from psycopg import sql

from bench.transform.databases import make_warehouse, settle
from bench.transform.history import END, Size, ensure_history
from ingestion.store.archive.leaving import leave
from ingestion.store.archive.manifest import list_files
from ingestion.store.archive.restoring import restore_month
from ingestion.store.archive.target import open_target
from ingestion.store.partitions import SCHEMA, partition_name, shift_month

DAYS = 30  # before the end of the history: all in the month before it
MONTH = shift_month(END.date(), -1)
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Bar:
    """A figure and its bound."""

    key: str
    meaning: str
    bound: str
    holds: Callable[[float], bool]


BARS = (
    Bar("archive_ratio", "archive / COPY to a file, time", "<= 3", lambda value: value <= 3),
    Bar("size_ratio", "Parquet / table with indexes, size", "<= 0.2", lambda value: value <= 0.2),
    Bar("restore_ratio", "restore / COPY in, speed", ">= 0.5", lambda value: value >= 0.5),
)


def measure(server_url: str, home: Path, events: int, learners: int, rounds: int) -> dict[str, Any]:
    """Medians of the rounds, and the ratios the bars are about.

    A round copies the month's table to a file, archives it whole (export, reading back, both
    hashes, manifest, detach, drop), copies the file into an empty table with the log's indexes,
    and restores the month (reading, hash, indexes, attaching). Files lie on the same disk.
    """
    history = ensure_history(home, Size(events, learners, DAYS))
    url = make_warehouse(server_url, "bench_archive", history, events)
    taken: dict[str, list[float]] = {}
    sizes: dict[str, int] = {}
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(rounds):
            _measure_round(connection, url, home / f"archive-{number}", taken, sizes)
    figures: dict[str, Any] = {
        f"{name}_seconds": median(seconds) for name, seconds in taken.items()
    }
    return {
        "events": events,
        "learners": learners,
        "rounds": rounds,
        **figures,
        **sizes,
        "archive_ratio": figures["archive_seconds"] / figures["copy_out_seconds"],
        "size_ratio": sizes["parquet_bytes"] / sizes["table_bytes"],
        "restore_ratio": figures["copy_in_seconds"] / figures["restore_seconds"],
    }


def _measure_round(
    connection: psycopg.Connection,
    url: str,
    folder: Path,
    taken: dict[str, list[float]],
    sizes: dict[str, int],
) -> None:
    target = open_target(str(folder))
    file = folder.with_suffix(".copy")
    steps: dict[str, Callable[[], object]] = {
        "copy_out": lambda: _copy_out(connection, MONTH, file),
        "archive": lambda: leave(connection, url, target, MONTH),
        "copy_in": lambda: _copy_in(connection, file),
        # reopened, so that the next round writes its files anew
        "restore": lambda: restore_month(connection, target, MONTH, reopen=True),
    }
    for name, step in steps.items():
        settle(url)
        begun = perf_counter()
        found = step()
        taken.setdefault(name, []).append(perf_counter() - begun)
        if name == "archive":
            sizes["table_bytes"] = getattr(found, "table_bytes", 0)
            sizes["parquet_bytes"] = sum(each.bytes for each in list_files(connection, MONTH))
    file.unlink()


def _copy_out(connection: psycopg.Connection, month: date, file: Path) -> None:
    query = sql.SQL("copy {} to stdout").format(sql.Identifier(SCHEMA, partition_name(month)))
    with file.open("wb") as sink, connection.cursor() as cursor, cursor.copy(query) as copy:
        for chunk in copy:
            sink.write(chunk)


def _copy_in(connection: psycopg.Connection, file: Path) -> None:
    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        cursor.execute("create table copied (like raw.study_events including all)")
        with file.open("rb") as source, cursor.copy("copy copied from stdin") as copy:
            while chunk := source.read(_CHUNK):
                copy.write(chunk)
