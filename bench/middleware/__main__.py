"""`python -m bench.middleware`: what tracking adds to a request; JSON where BENCH_JSON says."""

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.middleware.applications import serving
from bench.middleware.measure import MOST_ADDED_MS, measure


def main(
    rounds: Annotated[int, typer.Option(help="Pairs of blocks.")] = 60,
    requests: Annotated[int, typer.Option(help="Requests in a block.")] = 100,
) -> None:
    """Measure the same application with and without the middleware, in turns."""
    with TemporaryDirectory() as folder, serving(Path(folder) / "spool.db") as (bare, tracked):
        figures = measure(bare, tracked, rounds=rounds, requests=requests)
    table = Table("request, ms", "bare", "tracked", "added", "at most")
    for name, most in (("median", f"{MOST_ADDED_MS}"), ("p99", "")):
        row = (figures[f"{kind}_{name}_ms"] for kind in ("bare", "tracked", "middleware"))
        table.add_row(name, *(f"{value:.3f}" for value in row), most)
    Console().print(table)
    if target := os.environ.get("BENCH_JSON"):
        Path(target).write_text(json.dumps(figures, indent=2) + "\n")
    if figures["middleware_median_ms"] >= MOST_ADDED_MS:
        raise SystemExit("tracking slows the request by more than it may")


if __name__ == "__main__":
    typer.run(main)
