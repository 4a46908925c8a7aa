"""`python -m bench.ingest`: one table of ratios; JSON where BENCH_JSON names a file."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.ingest.measure import Effort, measure
from bench.ingest.report import describe_machine, figures, show
from bench.transform.databases import open_server


def main(  # noqa: PLR0913, PLR0917 (the options of a command)
    rounds: Annotated[int, typer.Option(help="Rounds of HTTP and COPY.")] = Effort.rounds,
    events: Annotated[int, typer.Option(help="Events of one measurement.")] = Effort.events,
    soak: Annotated[float, typer.Option(help="Seconds at 70 %.")] = Effort.soak_seconds,
    replays: Annotated[int, typer.Option(help="Replays of the file.")] = Effort.replays,
    replay_events: Annotated[
        int, typer.Option(help="Events of the file that is replayed.")
    ] = Effort.replay_events,
    dlt_events: Annotated[
        int, typer.Option(help="Events of it that dlt appends, three times over; 0: none.")
    ] = Effort.dlt_events,
) -> None:
    """Measure how fast events come in: over HTTP against COPY, from a file against dlt.

    Works in STUDY_BENCH_HOME (default .study/bench), which keeps the file and dlt's environment.
    """
    home = Path(os.environ.get("STUDY_BENCH_HOME") or ".study/bench").absolute()
    effort = Effort(rounds, events, soak, replays, replay_events, min(dlt_events, replay_events))
    with open_server(home) as server_url:
        machine = describe_machine(server_url, datetime.now(UTC).date())
        measured = {**figures(measure(server_url, home, effort)), "machine": machine}
    show(measured, Console())
    if target := os.environ.get("BENCH_JSON"):
        Path(target).write_text(json.dumps(measured, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
