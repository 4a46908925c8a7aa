"""`python -m bench.transform`: one table of ratios; JSON where BENCH_JSON names a file."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.transform.databases import open_server
from bench.transform.history import Size
from bench.transform.measure import Effort, measure
from bench.transform.report import describe_machine, figures, show


def main(  # noqa: PLR0913, PLR0917 (the options of a command)
    events: Annotated[int, typer.Option(help="Events of history.")] = Size.events,
    learners: Annotated[int, typer.Option(help="Learners they are dealt to.")] = Size.learners,
    days: Annotated[int, typer.Option(help="Days they lie in.")] = Size.days,
    rounds: Annotated[int, typer.Option(help="Loads of each kind.")] = Effort.rounds,
    refreshes: Annotated[int, typer.Option(help="Full refreshes, and floors.")] = Effort.refreshes,
    load_learners: Annotated[
        int, typer.Option(help="Learners of a load, ten events each.")
    ] = Effort.learners_per_load,
) -> None:
    """Measure the transforms on a simulated history.

    Works in STUDY_BENCH_HOME (default .study/bench), which keeps the simulated history.
    """
    home = Path(os.environ.get("STUDY_BENCH_HOME") or ".study/bench").absolute()
    effort = Effort(refreshes, rounds, load_learners)
    with open_server(home) as server_url:
        measured = figures(measure(server_url, home, Size(events, learners, days), effort))
        measured["machine"] = describe_machine(server_url, datetime.now(UTC).date())
    show(measured, Console())
    if target := os.environ.get("BENCH_JSON"):
        Path(target).write_text(json.dumps(measured, indent=2) + "\n")
    if measured["duckdb_differences"]:
        raise SystemExit("DuckDB and the marts do not agree: the comparison is none")


if __name__ == "__main__":
    typer.run(main)
