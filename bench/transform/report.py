"""The figures of a run, as JSON and as tables."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from statistics import median
from typing import Any

import psutil
import psycopg
from rich.console import Console
from rich.table import Table

from bench.transform.columnar import Sums
from bench.transform.measure import Measured
from bench.transform.runs import Run


@dataclass(frozen=True)
class Bar:
    """What a figure may be at most, and what it is."""

    key: str
    meaning: str
    most: float | None = None


BARS = (
    Bar("full_refresh_seconds", "full refresh of all models, s"),
    Bar("first_build_seconds", "the first build, on empty schemas, s"),
    Bar("floor_seconds", "floor: one scan, extraction, sort, s"),
    Bar("planned_floor_seconds", "the same with the server's workers, s"),
    Bar("full_refresh_to_floor", "full refresh / floor", 6.0),
    Bar("full_refresh_to_planned_floor", "full refresh / floor with workers"),
    Bar("duckdb_seconds", "DuckDB: sessions and days from Parquet, s"),
    Bar("full_refresh_to_duckdb", "full refresh (all models) / DuckDB (two)"),
    Bar("load_seconds", "load of a fresh batch, long history, s"),
    Bar("short_load_seconds", "load of a fresh batch, short history, s"),
    Bar("late_load_seconds", "load of a batch 150 days late, s"),
    Bar("load_growth_ratio", "load, long / short history", 1.3),
    Bar("load_to_full_refresh", "load / full refresh", 0.05),
    Bar("late_to_fresh", "late / fresh load", 1.5),
    Bar("lookup_p50_ms", "index lookup of a learner, p50, ms"),
    Bar("lookup_p99_ms", "index lookup of a learner, p99, ms"),
    Bar("live_p50_ms", "live read of a learner, p50, ms"),
    Bar("live_p99_ms", "live read of a learner, p99, ms", 30.0),
    Bar("live_to_index_lookup", "live read / index lookup, both p99", 20.0),
)


def figures(measured: Measured) -> dict[str, Any]:
    """All that was measured, by name: what BARS list, sizes, and what each model cost."""
    rounds, live, floor = measured.rounds, measured.live, measured.floor
    refresh = _median_seconds(measured.refreshes)
    fresh, short, late = map(_median_seconds, (rounds.fresh, rounds.short, rounds.late))
    return {
        "full_refresh_seconds": refresh,
        "first_build_seconds": measured.first_build.seconds,
        "short_full_refresh_seconds": measured.short_refresh.seconds,
        "floor_seconds": floor.single_seconds,
        "planned_floor_seconds": floor.planned_seconds,
        "full_refresh_to_floor": refresh / floor.single_seconds,
        "full_refresh_to_planned_floor": refresh / floor.planned_seconds,
        "duckdb_seconds": measured.columnar.seconds,
        "full_refresh_to_duckdb": refresh / measured.columnar.seconds,
        "duckdb_differences": find_differences(measured.ours, measured.columnar.sums),
        "load_seconds": fresh,
        "short_load_seconds": short,
        "late_load_seconds": late,
        "load_growth_ratio": fresh / short,
        "load_to_full_refresh": fresh / refresh,
        "late_to_fresh": late / fresh,
        "lookup_p50_ms": live.lookup.p50,
        "lookup_p99_ms": live.lookup.p99,
        "live_p50_ms": live.overall.p50,
        "live_p99_ms": live.overall.p99,
        "live_to_index_lookup": live.overall.p99 / live.lookup.p99,
        "live_views": {name: asdict(latency) for name, latency in live.views.items()},
        "sizes": {
            "events": measured.size.events,
            "learners": measured.size.learners,
            "days": measured.size.days,
            "sessions": measured.ours["sessions"]["rows"],
            "learner_days": measured.ours["days"]["rows"],
            "load_events": rounds.fresh[-1].events,
            **asdict(measured.effort),
        },
        "models": cost_model(measured),
    }


def find_differences(ours: Sums, theirs: Sums) -> list[str]:
    """Sums on which DuckDB and our marts do not agree, in words."""
    return [
        f"{table}.{name}: {value} in the marts, {theirs[table][name]} by DuckDB"
        for table, sums in ours.items()
        for name, value in sums.items()
        if theirs[table][name] != value
    ]


def cost_model(measured: Measured) -> dict[str, dict[str, float]]:
    """By model, dearest first: median seconds of a refresh and of each kind of load.

    `load_rows` are the rows that the last fresh load removed and added. `models, summed` counts
    what dbt runs side by side twice; `whole run` is by the clock, the load's opening and closing
    and dbt's own work included.
    """
    rounds = measured.rounds
    kinds = {
        "refresh_seconds": measured.refreshes,
        "load_seconds": rounds.fresh,
        "short_load_seconds": rounds.short,
        "late_load_seconds": rounds.late,
    }
    changed = rounds.fresh[-1].changed
    names = sorted(
        {name for run in measured.refreshes for name in run.models},
        key=lambda name: -_median_model(measured.refreshes, name),
    )
    models: dict[str, dict[str, float]] = {
        name: {kind: _median_model(runs, name) for kind, runs in kinds.items()}
        | {"load_rows": changed.get(name, 0)}
        for name in names
    }
    models["models, summed"] = {
        kind: median(sum(run.models.values()) for run in runs) for kind, runs in kinds.items()
    } | {"load_rows": sum(changed.values())}
    models["whole run"] = {kind: _median_seconds(runs) for kind, runs in kinds.items()}
    return models


def show(figures: Mapping[str, Any], console: Console) -> None:
    """Print the figures against their bars, then what each model and each point read costs."""
    ratios = Table("figure", "measured", "at most", "", title="Transforms")
    for bar in BARS:
        value = figures[bar.key]
        most = "" if bar.most is None else f"{bar.most:g}"
        verdict = "" if bar.most is None else "held" if value <= bar.most else "MISSED"
        ratios.add_row(bar.meaning, f"{value:.3g}", most, verdict)
    console.print(ratios)
    for difference in figures["duckdb_differences"]:
        console.print(f"DuckDB disagrees: {difference}")
    headings = ("model", "refresh", "load", "short", "late", "rows of a load")
    costs = Table(*headings, title="Cost by model, seconds")
    for name, cost in figures["models"].items():
        seconds = (f"{value:.2f}" for kind, value in cost.items() if kind != "load_rows")
        rows = f"{cost['load_rows']:,}" if "load_rows" in cost else ""
        costs.add_row(name, *seconds, rows)
    console.print(costs)
    views = Table("live view", "p50, ms", "p99, ms", title="Point reads")
    for name, latency in figures["live_views"].items():
        views.add_row(name, f"{latency['p50']:.2f}", f"{latency['p99']:.2f}")
    console.print(views)


def describe_machine(server_url: str, today: date) -> dict[str, str]:
    """What the figures were measured on and with."""
    with psycopg.connect(server_url) as connection:
        postgres = connection.info.parameter_status("server_version") or ""
    gigabytes = psutil.virtual_memory().total / 2**30
    return {
        "date": today.isoformat(),
        "machine": f"{psutil.cpu_count()} cores, {gigabytes:.0f} GiB, {platform.machine()}",
        "postgres": postgres,
        "python": platform.python_version(),
        **{name: version(name) for name in ("dbt-core", "dbt-postgres", "duckdb", "psycopg")},
    }


def _median_seconds(runs: Sequence[Run]) -> float:
    return median(run.seconds for run in runs)


def _median_model(runs: Sequence[Run], name: str) -> float:
    return median(run.models.get(name, 0.0) for run in runs)
