"""`python -m bench.mastery --data FILE`: the project's model and others on one data set."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.mastery.answers import DataError, read_answers
from bench.mastery.learners import share_out
from bench.mastery.report import measure, show
from orchestration.mastery.figures import Bin
from orchestration.mastery.plot import draw_reliability


def main(
    data: Annotated[Path, typer.Option(help="File with the answers; .gz and the like are read.")],
    form: Annotated[
        str, typer.Option("--format", help="csv, or lkt for that data set as it comes.")
    ] = "csv",
    split: Annotated[
        str, typer.Option(help="student: by learner, unless the file has a column split.")
    ] = "student",
    target: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw here, as SVG, what was foretold and what came.")
    ] = None,
) -> None:
    """Foretell the answers of learners held out, by the project's model and by others.

    The file has the columns user_id, item_id, skill_id, timestamp (seconds or ISO 8601; constant or
    missing: the order of the rows counts) and correct (1 or 0); optionally split (train or test).
    """
    if form not in ("csv", "lkt"):
        raise typer.BadParameter("the formats are csv and lkt")
    if split != "student":
        raise typer.BadParameter("a split is by student; another one is given as a column `split`")
    home = Path(os.environ.get("STUDY_BENCH_HOME") or ".study/bench").absolute()
    try:
        shares = share_out(read_answers(data, form))
    except (DataError, ValueError) as error:
        raise SystemExit(str(error)) from error
    measured = measure(shares, home)
    show(measured, Console())
    if plot:
        plot.write_text(
            draw_reliability([Bin(**each) for each in measured["detail"]["reliability"]])
        )
    text = json.dumps(measured, indent=2) + "\n"
    for place in (target, os.environ.get("BENCH_JSON")):
        if place:
            Path(place).write_text(text)


if __name__ == "__main__":
    typer.run(main)
