"""DuckDB on the same rows in Parquet: what a columnar engine needs for sessions and days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import duckdb
import psycopg
from psycopg import sql

from bench.transform.history import COLUMNS

THREADS = 2
_SCRIPTS = [Path(__file__).with_name(name) for name in ("duckdb_events.sql", "duckdb_marts.sql")]
_TYPES = {
    **dict.fromkeys(COLUMNS, "VARCHAR"),
    **dict.fromkeys(("event_id", "user_id", "session_id"), "UUID"),
    **dict.fromkeys(("occurred_at", "original_occurred_at", "received_at"), "TIMESTAMPTZ"),
    "schema_version": "SMALLINT",
}

# Sums that agree only if both computed the same sessions and days, to the microsecond.
_SUMS = {
    "sessions": {
        "rows": "count(*)",
        "events": "sum(event_count)",
        "timeouts": "count(case when end_reason = 'timeout' then 1 end)",
        "pauses": "sum(pause_count)",
        "materials": "sum(materials_viewed)",
        "chunks": "sum(chunks_read)",
        "attempts": "sum(questions_attempted)",
        "correct": "sum(questions_correct)",
        "xp": "sum(xp_earned)",
    },
    "days": {
        "rows": "count(*)",
        "events": "sum(event_count)",
        "sessions": "sum(session_count)",
        "materials": "sum(materials_viewed)",
        "topics": "sum(topics_studied)",
        "attempts": "sum(questions_attempted)",
        "xp": "sum(xp_earned)",
        "streaks": "sum(streak_days)",
    },
}
_TIMES = {"sessions": ("active", "paused"), "days": ("active", "study")}
_MARTS = {"sessions": "study_sessions", "days": "daily_user_stats"}


Sums = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Columnar:
    """Median seconds, and the sums over what DuckDB computed, by table and name."""

    seconds: float
    sums: Sums


def export_parquet(history: Path, events: int) -> Path:
    """The first `events` of a history as Parquet, written once."""
    path = history.with_suffix("").with_suffix(f".{events}.parquet")
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        with duckdb.connect() as connection:
            connection.read_csv(
                str(history), header=False, columns=_TYPES, na_values="", all_varchar=False
            ).limit(events).write_parquet(str(unfinished), compression="zstd")
        unfinished.rename(path)
    return path


def measure_columnar(parquet: Path, as_of: datetime, repetitions: int) -> Columnar:
    """Compute sessions and days from Parquet, on THREADS threads, once more than is counted."""
    script = "\n".join(path.read_text() for path in _SCRIPTS)
    seconds = []
    for _ in range(repetitions + 1):
        with duckdb.connect(config={"threads": THREADS}) as connection:
            connection.execute("set timezone = 'UTC'")
            start = perf_counter()
            for statement in connection.extract_statements(script):
                given = {"history": str(parquet), "as_of": as_of.isoformat()}
                named = {name: given[name] for name in statement.named_parameters}
                connection.execute(statement, named)
            seconds.append(perf_counter() - start)
            sums = {table: _add_up_columnar(connection, table) for table in _SUMS}
    return Columnar(median(seconds[1:]), sums)


def add_up_marts(url: str) -> Sums:
    """The same sums over our marts."""
    with psycopg.connect(url) as connection:
        return {table: _add_up_mart(connection, table) for table in _SUMS}


def _add_up_columnar(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    wanted = {
        **_SUMS[table],
        **{f"{name} microseconds": f"sum({name}_microseconds)" for name in _TIMES[table]},
    }
    query = f"select {', '.join(wanted.values())} from {table}"  # noqa: S608 (constants only)
    row = connection.execute(query).fetchone() or ()
    return {name: int(value) for name, value in zip(wanted, row, strict=True)}


def _add_up_mart(connection: psycopg.Connection[Any], table: str) -> dict[str, int]:
    wanted = {
        **_SUMS[table],
        **{
            # our marts tell seconds; the microseconds behind them are whole
            f"{name} microseconds": f"sum(round({name}_seconds::numeric * 1000000))"
            for name in _TIMES[table]
        },
    }
    query = sql.SQL("select {} from {}").format(
        sql.SQL(", ").join(sql.SQL(expression) for expression in wanted.values()),
        sql.Identifier("marts", _MARTS[table]),
    )
    row = connection.execute(query).fetchone() or ()
    return {name: int(value) for name, value in zip(wanted, row, strict=True)}
