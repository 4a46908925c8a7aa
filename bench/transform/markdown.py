"""`python -m bench.transform.markdown FILE`: the JSON of a run as the tables of docs/benchmarks.md.

So no figure in the documents is copied by hand.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.transform.report import BARS

_COSTS = (
    "refresh_seconds",
    "load_seconds",
    "short_load_seconds",
    "late_load_seconds",
    "load_rows",
)

# A model below this in everything, in seconds, is a view or next to nothing: no row in the table.
_LEAST_TOLD = 0.1


def render(figures: Mapping[str, Any]) -> str:
    """Three tables: figures against their bars, cost by model in seconds, point reads."""
    machine, sizes = figures["machine"], figures["sizes"]
    about = "; ".join(f"{name} {value}" for name, value in machine.items())
    size = (
        f"{sizes['events']:,} events of {sizes['learners']:,} learners in {sizes['days']} days, "
        f"{sizes['sessions']:,} sessions, {sizes['learner_days']:,} learner-days; loads of "
        f"{sizes['load_events']:,} events of {sizes['learners_per_load']:,} learners, medians of "
        f"{sizes['rounds']}; refreshes: median of {sizes['refreshes']}; "
        f"{sizes['readers']:,} learners read."
    )
    measured = (
        (bar.meaning, f"{figures[bar.key]:.3g}", "" if bar.most is None else f"{bar.most:g}")
        for bar in BARS
    )
    costs = (
        (f"`{name}`", *(_number(cost.get(kind)) for kind in _COSTS))
        for name, cost in figures["models"].items()
        if any(seconds >= _LEAST_TOLD for kind, seconds in cost.items() if kind.endswith("seconds"))
    )
    views = (
        (f"`live.{name}`", f"{latency['p50']:.2f}", f"{latency['p99']:.2f}")
        for name, latency in figures["live_views"].items()
    )
    return "\n\n".join(
        (
            f"{about}.",
            size,
            _table(("figure", "measured", "at most"), measured),
            _table(("model", "refresh", "load", "short history", "late", "rows changed"), costs),
            _table(("live view", "p50, ms", "p99, ms"), views),
        )
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(headings) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, rule, *rows))


if __name__ == "__main__":
    sys.stdout.write(render(json.loads(Path(sys.argv[1]).read_text())) + "\n")
