"""`python -m bench.nightly`: what orchestration adds to a night; JSON where BENCH_JSON says."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from bench.nightly.measure import MOST_OVERHEAD_SECONDS, measure_night


def main() -> None:
    """Run the nightly job on the demo's cohort twice and take its seconds apart."""
    nights = dict(zip(("first, builds all", "second"), measure_night(), strict=True))
    table = Table(
        "nightly run, s", "wall", "SQL (dbt)", "checks", "overhead", "its import of GX", "at most"
    )
    for name, night in nights.items():
        seconds = (night.wall, night.sql, night.checks, night.overhead, night.imported)
        row = [f"{value:.1f}" for value in seconds]
        table.add_row(name, *row, f"{MOST_OVERHEAD_SECONDS:.0f}")
    Console().print(table)
    if target := os.environ.get("BENCH_JSON"):
        figures = {
            name: {**asdict(night), "overhead": night.overhead} for name, night in nights.items()
        }
        Path(target).write_text(json.dumps(figures, indent=2) + "\n")
    if max(night.overhead for night in nights.values()) >= MOST_OVERHEAD_SECONDS:
        raise SystemExit("orchestration takes longer than it may")


if __name__ == "__main__":
    typer.run(main)
