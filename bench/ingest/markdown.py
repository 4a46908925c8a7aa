"""`python -m bench.ingest.markdown FILE`: the JSON of a run as the table of docs/benchmarks.md.

So no figure in the documents is copied by hand.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.ingest.report import BARS, number


def render(figures: Mapping[str, Any]) -> str:
    """What was measured on, how much, and each figure against its bound."""
    sizes = figures["sizes"]
    about = "; ".join(
        f"{name} {value}"
        for part in ("machine", "durability")
        for name, value in figures[part].items()
    )
    size = (
        f"{sizes['rounds']} rounds of {sizes['events']:,} events a measurement, medians; "
        f"{figures['soak_seconds']:.0f} s at 70 %; {sizes['replay_events']:,} events replayed "
        f"{sizes['replays']} times, {sizes['dlt_events']:,} of them appended by dlt."
    )
    rows = [
        f"| {bar.meaning} | {number(figures[bar.key])} | {bar.bound} |"
        for bar in BARS
        if bar.key in figures
    ]
    table = "\n".join(["| figure | measured | bound |", "| --- | ---: | ---: |", *rows])
    return "\n\n".join((f"{about}.", size, table))


if __name__ == "__main__":
    sys.stdout.write(render(json.loads(Path(sys.argv[1]).read_text())) + "\n")
