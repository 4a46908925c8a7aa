"""The whole benchmark, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import UUID

import psycopg

from bench.transform.batches import land_sessions
from bench.transform.columnar import Columnar, Sums, add_up_marts, export_parquet, measure_columnar
from bench.transform.databases import make_warehouse, settle, vacuum
from bench.transform.floor import Floor, measure_floor
from bench.transform.history import END, Size, ensure_history
from bench.transform.live import LiveReads, measure_live
from bench.transform.rounds import AS_OF, Rounds, find_learners, measure_loads
from bench.transform.runs import Run, Transforms, read_work_mem

SHORTER = 10  # times: the history that growth is measured against
_TAIL_NUMBER = 1_000_000  # of the batch that is landed and not loaded


@dataclass(frozen=True)
class Effort:
    """How often, and on how many: enough for medians that hold, or few for a smoke test."""

    refreshes: int = 3
    rounds: int = 7
    learners_per_load: int = 1_000
    readers: int = 500


@dataclass(frozen=True)
class Measured:
    """Everything one run of the benchmark saw."""

    size: Size
    effort: Effort
    first_build: Run
    refreshes: Sequence[Run]
    short_refresh: Run
    floor: Floor
    columnar: Columnar
    ours: Sums
    rounds: Rounds
    live: LiveReads


def measure(server_url: str, home: Path, size: Size, effort: Effort) -> Measured:
    """Build both histories, refresh, load and read. In full size it takes half an hour."""
    history = ensure_history(home / "history", size)
    long = _make_transforms(server_url, home, "long", history, size.events)
    short = _make_transforms(server_url, home, "short", history, size.events // SHORTER)
    first_build = long.run(AS_OF, full_refresh=True)
    refreshes, floor = _measure_refreshes(long, effort.refreshes)
    ours = add_up_marts(long.url)
    columnar = measure_columnar(export_parquet(history, size.events), AS_OF, effort.refreshes)
    short_refresh = short.run(AS_OF, full_refresh=True)
    for transforms in (long, short):
        vacuum(transforms.url)
    rounds = measure_loads(long, short, learners=effort.learners_per_load, rounds=effort.rounds)
    live = measure_live(long.url, _land_tail(long.url, effort.readers))
    return Measured(
        size,
        effort,
        first_build,
        refreshes,
        short_refresh,
        floor,
        columnar,
        ours,
        rounds,
        live,
    )


def _make_transforms(
    server_url: str, home: Path, name: str, history: Path, events: int
) -> Transforms:
    url = make_warehouse(server_url, f"bench_transform_{name}", history, events)
    return Transforms(url, home / "dbt" / name)


def _measure_refreshes(transforms: Transforms, repetitions: int) -> tuple[list[Run], Floor]:
    """Refresh and run the floor in turn."""
    work_mem = read_work_mem()
    refreshes, floors = [], []
    for _ in range(repetitions):
        settle(transforms.url)
        refreshes.append(transforms.run(AS_OF, full_refresh=True))
        settle(transforms.url)
        floors.append(measure_floor(transforms.url, work_mem))
    return refreshes, Floor(
        median(floor.single_seconds for floor in floors),
        median(floor.planned_seconds for floor in floors),
    )


def _land_tail(url: str, readers: int) -> Sequence[UUID]:
    """Draw readers, and land a session of every second one that no load takes."""
    users = find_learners(url).draw(readers, _TAIL_NUMBER)
    with psycopg.connect(url) as connection:
        land_sessions(connection, users[::2], END.date(), _TAIL_NUMBER)
    settle(url)
    return users
