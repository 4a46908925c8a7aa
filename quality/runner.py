"""Runs suites with Great Expectations against the tables of a PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from quality.gx import open_datasource
from quality.moment import Moment, read_moment
from quality.results import SAMPLE_SIZE, CheckResult, show_row, to_json
from quality.suites.suite import NO_ROW_FROM, NO_ROW_WHERE, Check, Suite

if TYPE_CHECKING:
    from great_expectations.core import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.datasource.fluent.postgres_datasource import PostgresDatasource
    from great_expectations.expectations.expectation import Expectation

OURS = (NO_ROW_WHERE, NO_ROW_FROM)
ROWS_BY_QUERY = "UnexpectedRowsExpectation"


@dataclass(frozen=True)
class Judged:
    """A suite that has run: what was found, and the same as Great Expectations writes it down."""

    suite: Suite
    results: Sequence[CheckResult]
    document: ExpectationSuiteValidationResult


def run_suite(suite: Suite, url: str, as_of: datetime | None = None) -> list[CheckResult]:
    """Run one suite; see `run_suites`."""
    return run_suites([suite], url, as_of)


def run_suites(
    suites: Sequence[Suite], url: str, as_of: datetime | None = None
) -> list[CheckResult]:
    """Run suites one after the other; give a result for each check, in the order declared.

    `url`: a libpq URL with a host, whose role may read the tables. `as_of`: the instant they are
    judged at, now unless given. A check that cannot run (its column is missing, say) fails and
    carries the error; its neighbours run.
    Raises ValueError for a URL without a host, and what Great Expectations raises when the table
    is missing or the database out of reach.
    """
    return [found for judged in judge_suites(suites, url, as_of) for found in judged.results]


def judge_suites(suites: Sequence[Suite], url: str, as_of: datetime | None = None) -> list[Judged]:
    """Run suites as `run_suites` does; give what Data Docs are made of, too."""
    with open_datasource(url) as datasource:
        moment = read_moment(url, as_of or datetime.now(UTC))
        return [_judge(suite, datasource, moment) for suite in suites]


def _judge(suite: Suite, datasource: PostgresDatasource, moment: Moment) -> Judged:
    batch = _define_batch(suite, datasource, moment)
    # Counts first: what is healthy is read once for all facts together. Only what is not, or could
    # not be counted, is asked for again by itself, for its offending rows or its error.
    document = _validate(suite, suite.checks, batch, moment)
    failed = [check for check in suite.checks if not _outcomes(document)[check.name].success]
    again = _look_closer(suite, failed, batch, moment)
    by_name = {
        name: _with_size(again[name], first) if name in again else first
        for name, first in _outcomes(document).items()
    }
    document.results = [by_name[check.name] for check in suite.checks]
    document.success = all(each.success for each in document.results)
    found = [_to_check_result(suite, check, by_name[check.name]) for check in suite.checks]
    return Judged(suite, found, document)


def _define_batch(
    suite: Suite, datasource: PostgresDatasource, moment: Moment
) -> BatchDefinition[Any]:
    if suite.rows is None:
        table = datasource.add_table_asset(suite.name, table_name=suite.table)
        return table.add_batch_definition_whole_table("whole table")
    rows = datasource.add_query_asset(suite.name, query=moment.put_into(suite.rows))
    return rows.add_batch_definition_whole_table("rows judged")


def _look_closer(
    suite: Suite, failed: Sequence[Check], batch: BatchDefinition[Any], moment: Moment
) -> dict[str, ExpectationValidationResult]:
    queries = [check for check in failed if check.expectation in OURS]
    if not queries:
        return {}
    found = _outcomes(_validate(suite, queries, batch, moment, closely=True))
    for outcome in found.values():
        _withhold_private(suite, outcome)
    return found


def _with_size(
    outcome: ExpectationValidationResult, first: ExpectationValidationResult
) -> ExpectationValidationResult:
    """Keep of the first look how many rows there are, which the second does not count again."""
    counted = {name: rows for name, rows in (first.result or {}).items() if name == "element_count"}
    found = outcome.result.get("observed_value") or 0
    # Looked for by Data Docs wherever something was found.
    percent = 100 * found / max(counted.get("element_count", 0), 1)
    outcome.result |= {**counted, "unexpected_percent": percent}
    return outcome


def _validate(
    suite: Suite,
    checks: Sequence[Check],
    batch: BatchDefinition[Any],
    moment: Moment,
    *,
    closely: bool = False,
) -> ExpectationSuiteValidationResult:
    from great_expectations import ExpectationSuite  # noqa: PLC0415

    declared = ExpectationSuite(
        name=suite.name,
        expectations=[_to_expectation(check, moment, closely=closely) for check in checks],
    )
    # The complete result of a query has its rows, at most 200 of them.
    result_format = "COMPLETE" if closely else "BASIC"
    return batch.get_batch().validate(declared, result_format={"result_format": result_format})


def _to_expectation(check: Check, moment: Moment, *, closely: bool) -> Expectation:
    from great_expectations import expectations as theirs  # noqa: PLC0415

    from quality import expectations as ours  # noqa: PLC0415

    name, arguments = check.expectation, dict(check.arguments)
    if name == NO_ROW_WHERE and closely:
        # Braces of a regular expression would be names to fill in.
        condition = str(arguments["condition"]).replace("{", "{{").replace("}", "}}")
        arguments = {"unexpected_rows_query": f"select * from {{batch}} where {condition}"}  # noqa: S608
    if name in OURS and closely:
        name = ROWS_BY_QUERY
    filled = {
        key: moment.put_into(value) if isinstance(value, str) else value
        for key, value in arguments.items()
    }
    made: Expectation = getattr(ours if hasattr(ours, name) else theirs, name)(
        **filled,
        severity=str(check.severity),
        description=check.description,
        meta={"name": check.name},
    )
    return made


def _outcomes(
    validated: ExpectationSuiteValidationResult,
) -> dict[str, ExpectationValidationResult]:
    found = {}
    for result in validated.results:
        configuration = result.expectation_config
        if configuration and configuration.meta:
            found[configuration.meta["name"]] = result
    return found


def _withhold_private(suite: Suite, outcome: ExpectationValidationResult) -> None:
    """Leave of the rows what anybody may read: they go into tables, the UI and Data Docs."""
    details: dict[str, Any] = (outcome.result or {}).get("details") or {}
    if "unexpected_rows" in details:
        rows = details["unexpected_rows"][:SAMPLE_SIZE]
        shown = [show_row(row, suite.private) for row in rows]
        details["unexpected_rows"] = shown
        # Under these names Data Docs show them.
        outcome.result["partial_unexpected_list"] = [str(row) for row in shown]
        outcome.result["unexpected_count"] = outcome.result["observed_value"]


def _to_check_result(
    suite: Suite, check: Check, result: ExpectationValidationResult
) -> CheckResult:
    outcome: dict[str, Any] = result.result or {}
    is_of_rows = check.expectation in OURS
    sample = outcome.get("details", {}).get("unexpected_rows") if is_of_rows else ()
    return CheckResult(
        suite=suite.name,
        schema=suite.schema,
        table=suite.table,
        check_name=check.name,
        column=check.column,
        severity=check.severity,
        success=bool(result.success),
        observed=_observed(outcome, result.exception_info or {}),
        unexpected_count=outcome.get("observed_value") if is_of_rows else None,
        unexpected_sample=[to_json(row) for row in sample or ()],
        description=check.description,
        blocking=check.blocking,
    )


def _observed(outcome: dict[str, Any], exception_info: dict[str, Any]) -> dict[str, object]:
    observed = {
        name: to_json(outcome[name])
        for name in ("observed_value", "element_count")
        if outcome.get(name) is not None
    }
    errors = [
        info.get("exception_message") for info in exception_info.values() if isinstance(info, dict)
    ]
    message = exception_info.get("exception_message") or next(filter(None, errors), None)
    return observed | ({"error": str(message).partition("\n")[0]} if message else {})
