"""The command demo, and how its outcome is told."""

from typing import TYPE_CHECKING

from orchestration.cli.app import app, out
from orchestration.cli.events import counting, show_tally
from orchestration.cli.failure import FailedWorkError
from orchestration.cli.pipeline import describe_failure, show_differences, show_outcome

if TYPE_CHECKING:
    from orchestration.demo import DemoOutcome


@app.command(epilog="Example: study demo")
def demo() -> None:
    """Show the whole way on a simulated cohort, from HTTP to checked marts.

    Ends with 0 only if every event was stored, every check passed and every row agrees with the
    independent implementation. Run again it changes nothing.
    """
    from orchestration.demo import run_demo
    from orchestration.settings import read_settings

    with counting("events posted") as on_batch:
        outcome = run_demo(
            read_settings(),
            tell=lambda step: out.print(f"[bold]{step}[/]"),
            on_batch=on_batch,
        )
    out.print()
    show_tally(outcome.tally)
    out.print()
    show_outcome(outcome.run)
    out.print()
    _show_marts(outcome)
    out.print()
    show_differences(outcome.differences)
    out.print()
    if not outcome.held:
        raise FailedWorkError(f"the demo did not hold: {_describe(outcome)}.")
    out.print("[green]Everything held.[/] Next: study up")


def _show_marts(outcome: "DemoOutcome") -> None:
    for mart in outcome.marts.values():
        figures = ", ".join(f"{label} {value}" for label, value in mart.figures.items())
        told = f": {figures}" if figures else ""
        out.print(f"[bold]marts.{mart.table}[/] {mart.rows:,} rows{told}")
    if outcome.changes:
        out.print(f"Changed: {', '.join(outcome.changes)}.")
    else:
        out.print("Nothing changed: every row of every mart is what it was before this run.")


def _describe(outcome: "DemoOutcome") -> str:
    failures = []
    if outcome.tally.refused:
        failures.append(f"{outcome.tally.refused} events were not stored")
    if not outcome.run.held:
        failures.append(describe_failure(outcome.run))
    if any(outcome.differences.values()):
        failures.append("the oracle disagrees")
    return ", ".join(failures)
