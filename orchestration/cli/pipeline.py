"""Commands that build and judge the marts: materialize, backfill, check."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.app import app, out
from orchestration.cli.failure import FailedWorkError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestration.judging import Judgement
    from orchestration.loads.model import DateRange
    from orchestration.pipeline import PipelineOutcome
    from quality.oracle import Difference
    from quality.results import CheckResult

MOST_SHOWN = 5


def read_instant(text: str | None) -> datetime | None:
    """An instant given by option, in UTC unless it says otherwise; None where none was.

    Raises BadParameter for what is none.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no ISO 8601 instant", param_hint="--as-of"
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


AsOf = Annotated[
    str | None,
    typer.Option(
        help="Evaluate at this instant (ISO 8601, UTC unless it says otherwise), not at now.",
        metavar="INSTANT",
    ),
]


@app.command(epilog="Example: study materialize --select 'group:marts' --as-of 2026-03-01T00:30Z")
def materialize(
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Rebuild every table from the whole history.")
    ] = False,
    select: Annotated[
        str | None, typer.Option(help="Assets to build, in Dagster's selection syntax.")
    ] = None,
    as_of: AsOf = None,
) -> None:
    """Run the pipeline once: raw log to marts, with every check. Ends with 1 if any fails.

    Only what the new events touch is computed again. A load that died is ended first.
    """
    _run(as_of, select=select, full_refresh=full_refresh)


@app.command(epilog="Example: study backfill --from 2026-01-01 --to 2026-01-31")
def backfill(
    first: Annotated[
        datetime,
        typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="First local date."),
    ],
    last: Annotated[
        datetime,
        typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="Last one, included."),
    ],
    as_of: AsOf = None,
) -> None:
    """Compute again all that the events of some local dates touch, and what is new besides.

    The marts are right without it: this is for rows that something else than a load has changed.
    """
    from orchestration.loads.model import DateRange

    try:
        days = DateRange(first.date(), last.date())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--to") from error
    _run(as_of, days=days)


def _run(
    as_of: str | None,
    *,
    select: str | None = None,
    full_refresh: bool = False,
    days: "DateRange | None" = None,
) -> None:
    moment = read_instant(as_of) or datetime.now(UTC)

    from orchestration.pipeline import EmptySelectionError, run_pipeline
    from orchestration.settings import read_settings

    settings = read_settings()
    try:
        outcome = run_pipeline(
            settings, as_of=moment, select=select, full_refresh=full_refresh, backfill=days
        )
    except EmptySelectionError as error:
        raise typer.BadParameter(str(error), param_hint="--select") from error
    show_outcome(outcome)
    if not outcome.held:
        raise FailedWorkError(
            f"the run did not hold: {describe_failure(outcome)}. See"
            f" {settings.logs / 'materialize.log'}, or the run {outcome.run_id} in Dagster."
        )


def describe_failure(outcome: "PipelineOutcome") -> str:
    """What failed in a run, in few words."""
    failures = []
    if outcome.errors:
        failures.append(f"{len(outcome.errors)} steps failed")
    if outcome.failed_checks:
        failures.append(f"{len(outcome.failed_checks)} checks found errors")
    return " and ".join(failures) or "it did not finish"


def show_outcome(outcome: "PipelineOutcome") -> None:
    """Print what a run built, by which loads, and what its checks found."""
    from rich.table import Table

    from orchestration.loads.telling import tell_load

    table = Table("asset", "rows", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for asset in outcome.assets:
        table.add_row(asset.name, "" if asset.rows is None else f"{asset.rows:,}")
    out.print(table)
    for load in outcome.loads:
        for line in tell_load(load):
            out.print(line, markup=False)
    passed = sum(check.passed for check in outcome.checks)
    out.print(
        f"{len(outcome.assets)} assets built as of {outcome.as_of:%Y-%m-%d %H:%M:%S %Z};"
        f" {passed} of {len(outcome.checks)} checks passed"
    )
    for check in outcome.checks:
        if not check.passed:
            out.print(f"  {check.severity} {check.asset} {check.name}", markup=False)
    for error in outcome.errors:
        out.print(f"  {error}", markup=False)


@app.command(epilog="Example: study check --oracle")
def check(
    oracle: Annotated[
        bool,
        typer.Option("--oracle", help="Compare every row with the independent implementation too."),
    ] = False,
    docs: Annotated[
        bool,
        typer.Option("--docs", help="Only say where the pages on what was found last are."),
    ] = False,
    as_of: AsOf = None,
) -> None:
    """Run all checks of the log and the marts as they are. Ends with 1 if any finds an error.

    What they find is kept in quality.check_results, and written as pages (Data Docs) to browse.
    Judged at the instant the marts were built for: that of the last run, unless given.
    """
    moment = read_instant(as_of)

    from orchestration.settings import read_settings
    from quality.docs import docs_page

    settings = read_settings()
    page = docs_page(settings.data_docs)
    if docs:
        if not page.exists():
            raise FailedWorkError("there are no pages yet. Run `study check` without --docs.")
        out.print(page.as_uri(), markup=False, soft_wrap=True)
        return

    from orchestration.database import open_warehouse
    from orchestration.judging import find_last_as_of, judge

    with open_warehouse(settings) as url:
        moment = moment or find_last_as_of(url)
        if moment is None:
            raise FailedWorkError(
                "there is nothing to check: the marts were never built. Run `study materialize`."
            )
        judgement = judge(url, as_of=moment, with_oracle=oracle, docs=settings.data_docs)
    show_judgement(judgement)
    out.print(f"pages: {page.as_uri()}", markup=False, soft_wrap=True)
    if not judgement.held:
        raise FailedWorkError("the marts do not hold: see above, and docs/metrics.md.")


def show_judgement(judgement: "Judgement") -> None:
    """Print what the checks and the oracle found."""
    from rich.table import Table

    table = Table("table", "checks", "passed", "warnings", "errors", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, results in judgement.by_table.items():
        counts = (len(results), *map(sum, zip(*map(_verdict, results), strict=True)))
        table.add_row(name, *(str(count) for count in counts))
    out.print(table)
    passed = sum(found.success for found in judgement.results)
    out.print(f"{passed} of {len(judgement.results)} checks passed")
    for found in judgement.results:
        if not found.success:
            out.print(f"  {found.severity} {found}", markup=False)
            for row in found.unexpected_sample[:MOST_SHOWN]:
                out.print(f"    {row}", markup=False)
    show_differences(judgement.differences)


def _verdict(found: "CheckResult") -> tuple[bool, bool, bool]:
    """Whether a check passed, warns, or found an error."""
    is_error = not found.success and found.severity == "critical"
    return found.success, not found.success and not is_error, is_error


def show_differences(differences: "Mapping[str, Sequence[Difference]]") -> None:
    """Print where marts and oracle disagree, the first of each mart."""
    for table, found in differences.items():
        verdict = f"{len(found)} differences" if found else "every row agrees"
        out.print(f"oracle: {table}: {verdict}")
        for difference in found[:MOST_SHOWN]:
            out.print(f"  {difference}", markup=False)
