"""The figures of a run, as JSON and as one table."""

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

from bench.ingest.measure import Measured
from bench.ingest.rounds import Rounds


@dataclass(frozen=True)
class Bar:
    """A figure, what it is, and what it must be at least or at most."""

    key: str
    meaning: str
    least: float | None = None
    most: float | None = None

    @property
    def bound(self) -> str:
        """The bound in words; nothing where there is none."""
        if self.least is not None:
            return f"at least {self.least:g}"
        return "" if self.most is None else f"at most {self.most:g}"

    def judge(self, value: float) -> str:
        """Whether a value holds the bound, in a word; nothing where there is none."""
        if not self.bound:
            return ""
        too_low = self.least is not None and value < self.least
        too_high = self.most is not None and value > self.most
        return "MISSED" if too_low or too_high else "held"


BARS = (
    Bar("http_events_per_s", "HTTP, batches of 100, 64 connections, events/s"),
    Bar("http_16_events_per_s", "the same over 16 connections"),
    Bar("http_8_events_per_s", "the same over 8 connections"),
    Bar("copy_events_per_s", "COPY, 2 connections, 100 rows a commit, rows/s"),
    Bar("copy_2000_events_per_s", "the same, 2,000 rows a commit"),
    Bar("http_to_copy_ratio", "HTTP / COPY of 100 rows a commit", least=0.55),
    Bar("http_16_to_copy_ratio", "the same over 16 connections"),
    Bar("http_8_to_copy_ratio", "the same over 8 connections"),
    Bar("http_to_copy_2000_ratio", "HTTP / COPY of 2,000 rows a commit"),
    Bar("closed_p50_ms", "a batch at full load, 64 connections, p50, ms"),
    Bar("closed_p99_ms", "the same, p99, ms"),
    Bar("soak_events_per_s", "70 % of that load, events/s"),
    Bar("p50_ms", "a batch at 70 %, p50, ms"),
    Bar("p99_ms", "a batch at 70 %, p99, ms", most=250),
    Bar("rss_mb", "resident memory of the service at 70 %, most, MB", most=300),
    Bar("rss_growth_mb_per_min", "its growth, MB a minute"),
    Bar("duplicate_ratio", "batches sent again / fresh, events/s"),
    Bar("one_bad_ratio", "batches with one bad event / all good, events/s"),
    Bar("tens_events_per_s", "batches of 10, 64 connections, events/s"),
    Bar("alone_events_per_s", "batches of 1, 64 connections, events/s"),
    Bar("replay_events_per_s", "study replay of a file, events/s"),
    Bar("dlt_events_per_s", "dlt, as its guide to performance says, events/s"),
    Bar("dlt_defaults_events_per_s", "dlt with its defaults, events/s"),
    Bar("dlt_arrow_events_per_s", "dlt given Arrow tables, events/s"),
    Bar("replay_to_dlt_ratio", "study replay / dlt", least=5),
    Bar("replay_to_dlt_defaults_ratio", "study replay / dlt with its defaults"),
    Bar("replay_to_dlt_arrow_ratio", "study replay / dlt given Arrow tables"),
)


def figures(measured: Measured) -> dict[str, Any]:
    """All that was measured, by name: what BARS list (of dlt only where it ran), and sizes.

    Ratios are medians of the rounds' own: two runs of one round met the same machine.
    """
    rounds, soak = measured.rounds, measured.soak
    loads = rounds.loads
    rates = {name: [load.events_per_s for load in runs] for name, runs in loads.items()}
    http, copies = rates["http"], rounds.copies
    return {
        "http_events_per_s": median(http),
        "http_16_events_per_s": median(rates["http_16"]),
        "http_8_events_per_s": median(rates["http_8"]),
        "copy_events_per_s": median(copies["copy"]),
        "copy_2000_events_per_s": median(copies["copy_2000"]),
        "http_to_copy_ratio": ratio(http, copies["copy"]),
        "http_16_to_copy_ratio": ratio(rates["http_16"], copies["copy"]),
        "http_8_to_copy_ratio": ratio(rates["http_8"], copies["copy"]),
        "http_to_copy_2000_ratio": ratio(http, copies["copy_2000"]),
        "closed_p50_ms": median(load.percentile_ms(50) for load in loads["http"]),
        "closed_p99_ms": median(load.percentile_ms(99) for load in loads["http"]),
        "soak_events_per_s": soak.events_per_s,
        "soak_seconds": soak.load.seconds,
        "p50_ms": soak.load.percentile_ms(50),
        "p99_ms": soak.load.percentile_ms(99),
        "rss_mb": soak.memory.peak_mb,
        "rss_growth_mb_per_min": soak.memory.growth_mb_per_min,
        "duplicate_ratio": ratio(rates["duplicates"], http),
        "one_bad_ratio": ratio(rates["one_bad"], http),
        "tens_events_per_s": median(rates["tens"]),
        "alone_events_per_s": median(rates["alone"]),
        **_compare_replays(measured),
        "durability": dict(measured.durability),
        "sizes": asdict(measured.effort),
        "rounds": _list_rounds(rounds),
        "without_dlt": measured.without_peer,
    }


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of pairs."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def show(figures: Mapping[str, Any], console: Console) -> None:
    """Print the figures against their bounds."""
    title = "Ingestion, " + ", ".join(f"{k} {v}" for k, v in figures["durability"].items())
    table = Table("figure", "measured", "bound", "", title=title)
    for bar in BARS:
        if bar.key in figures:
            value = figures[bar.key]
            table.add_row(bar.meaning, number(value), bar.bound, bar.judge(value))
    console.print(table)
    if figures["without_dlt"]:
        console.print(f"Not compared with dlt: {figures['without_dlt']}")


def number(value: float) -> str:
    """A figure with three digits, the large ones whole."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def describe_machine(server_url: str, today: date) -> dict[str, str]:
    """What the figures were measured on and with."""
    with psycopg.connect(server_url) as connection:
        postgres = connection.info.parameter_status("server_version") or ""
    gigabytes = psutil.virtual_memory().total / 2**30
    return {
        "date": today.isoformat(),
        "machine": f"{psutil.cpu_count()} cores, {gigabytes:.0f} GiB, {platform.machine()}",
        "load before": f"{psutil.getloadavg()[0]:.1f}",
        "postgres": postgres,
        "python": platform.python_version(),
        **{name: version(name) for name in ("psycopg", "msgspec", "uvicorn", "uvloop")},
    }


def _compare_replays(measured: Measured) -> dict[str, float]:
    replay, peers = median(measured.replays), measured.peers
    found = {"replay_events_per_s": replay}
    for mode, rate in peers.items():
        name = "dlt" if mode == "pages" else f"dlt_{mode}"
        found[f"{name}_events_per_s"] = rate
        found[f"replay_to_{name}_ratio"] = replay / rate
    return found


def _list_rounds(rounds: Rounds) -> dict[str, list[float]]:
    loads = {name: [load.events_per_s for load in runs] for name, runs in rounds.loads.items()}
    return {**loads, **rounds.copies}
