"""`python -m bench.archive`: one table of ratios; JSON where BENCH_JSON names a file."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.archive.measure import BARS, measure
from bench.transform.databases import open_server
from bench.transform.report import describe_machine


def main(
    events: Annotated[int, typer.Option(help="Events of the month.")] = 1_000_000,
    learners: Annotated[int, typer.Option(help="Learners they are dealt to.")] = 10_000,
    rounds: Annotated[int, typer.Option(help="Times out and back.")] = 3,
) -> None:
    """Measure a month's way into the archive and back against COPY of the same rows.

    Works in STUDY_BENCH_HOME (default .study/bench), which keeps the simulated history.
    """
    home = Path(os.environ.get("STUDY_BENCH_HOME") or ".study/bench").absolute()
    with open_server(home) as server_url:
        figures = measure(server_url, home, events, learners, rounds)
        figures["machine"] = describe_machine(server_url, datetime.now(UTC).date())
    table = Table("figure", "measured", "bound", "holds")
    for bar in BARS:
        held = bar.holds(figures[bar.key])
        table.add_row(bar.meaning, f"{figures[bar.key]:.2f}", bar.bound, "yes" if held else "NO")
    for name in ("copy_out", "archive", "copy_in", "restore"):
        table.add_row(f"{name.replace('_', ' ')}, s", f"{figures[f'{name}_seconds']:.2f}", "", "")
    for name in ("table", "parquet"):
        table.add_row(f"{name}, MB", f"{figures[f'{name}_bytes'] / 1e6:.1f}", "", "")
    Console().print(table)
    if target := os.environ.get("BENCH_JSON"):
        Path(target).write_text(json.dumps(figures, indent=2) + "\n")
    if not all(bar.holds(figures[bar.key]) for bar in BARS):
        raise SystemExit("the archive is slower or larger than it may be")


if __name__ == "__main__":
    typer.run(main)
