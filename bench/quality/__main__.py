"""`python -m bench.quality`: a table of seconds; JSON where BENCH_JSON names a file."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.quality.measure import figures, measure
from bench.transform.databases import open_server
from bench.transform.history import Size
from bench.transform.report import describe_machine

MOST_PERCENT = 20


def main(
    events: Annotated[int, typer.Option(help="Events of history.")] = Size.events,
    learners: Annotated[int, typer.Option(help="Learners they are dealt to.")] = Size.learners,
    days: Annotated[int, typer.Option(help="Days they lie in.")] = Size.days,
    repetitions: Annotated[int, typer.Option(help="Refreshes, and runs of the checks.")] = 3,
) -> None:
    """Measure the checks against a full refresh of a simulated history.

    Works in STUDY_BENCH_HOME (default .study/bench), which keeps the simulated history. Ends with 1
    where the checks of a nightly run take more than a fifth of a refresh. The import of Great
    Expectations is told beside: it is of the process, not of the data, and the benchmark of the
    nightly run counts it.
    """
    home = Path(os.environ.get("STUDY_BENCH_HOME") or ".study/bench").absolute()
    with open_server(home) as server_url:
        found = figures(measure(server_url, home, Size(events, learners, days), repetitions))
        found["machine"] = describe_machine(server_url, datetime.now(UTC).date())
    table = Table("figure", "measured")
    table.columns[1].justify = "right"
    for name, value in found.items():
        table.add_row(name, f"{value:,.2f}" if isinstance(value, float) else str(value))
    Console().print(table)
    if target := os.environ.get("BENCH_JSON"):
        Path(target).write_text(json.dumps(found, indent=2) + "\n")
    share = found["nightly_share_percent"]
    if isinstance(share, float) and share > MOST_PERCENT:
        raise SystemExit(f"the checks take {share:.0f} % of a refresh: more than {MOST_PERCENT} %")


if __name__ == "__main__":
    typer.run(main)
