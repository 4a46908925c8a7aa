"""`python -m bench.mastery --data FILE`: the project's model and others on one data set."""

import json
import os
from pathlib import Path
from typing import Annotated

import pandas as pd
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
    An answer told in several rows, one for each of its skills, counts once.

    Example: python -m bench.mastery --data answers.csv --json figures.json
    """
    if form not in ("csv", "lkt"):
        raise typer.BadParameter("the formats are csv and lkt")
    if split != "student":
        raise typer.BadParameter("a split is by student; another one is given as a column `split`")
    places = [Path(each) for each in (target, os.environ.get("BENCH_JSON")) if each]
    for place in (*places, *([plot] if plot else [])):
        # Told now and not when minutes of work are done.
        if not place.absolute().parent.is_dir():
            raise typer.BadParameter(f"there is no folder {place.parent} to write {place.name} to")
    home = Path(os.environ.get("STUDY_BENCH_HOME") or ".study/bench").absolute()
    try:
        answers = read_answers(data, form)
        shares = share_out(answers)
    except (DataError, ValueError) as error:
        raise SystemExit(str(error)) from error
    for told in tell_changed(answers):
        typer.echo(told, err=True)
    measured = measure(shares, home)
    show(measured, Console())
    if plot:
        plot.write_text(
            draw_reliability([Bin(**each) for each in measured["detail"]["reliability"]])
        )
    text = json.dumps(measured, indent=2) + "\n"
    for place in places:
        place.write_text(text)


def tell_changed(answers: pd.DataFrame) -> list[str]:
    """Say which rows of the file are not answers of their own, a line for each reason."""
    reasons = {
        "left_out": "left out: without a learner, or `correct` is neither 1 nor 0",
        "joined": "joined to the row before: the same answer, told for another skill",
    }
    return [
        f"{answers.attrs[name]:,} rows {reason}"
        for name, reason in reasons.items()
        if answers.attrs[name]
    ]


if __name__ == "__main__":
    typer.run(main)
