"""Runs suites with Great Expectations against the marts of a PostgreSQL."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from quality.results import SAMPLE_SIZE, CheckResult, to_json
from quality.suites.suite import Check, Suite

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.datasource.fluent.postgres_datasource import PostgresDatasource

SCHEMA = "marts"
ROWS_BY_QUERY = "UnexpectedRowsExpectation"


def run_suite(suite: Suite, url: str) -> list[CheckResult]:
    """Run one suite; see `run_suites`."""
    return run_suites([suite], url)


def run_suites(suites: Sequence[Suite], url: str) -> list[CheckResult]:
    """Run suites one after the other; give a result for each check, in the order declared.

    `url`: a libpq URL with a host, whose role may read the marts. A check that cannot run (its
    column is missing, say) fails and carries the error; its neighbours run.
    Raises ValueError for a URL without a host, and what Great Expectations raises when the table
    is missing or the database out of reach.
    """
    with _open_datasource(url) as datasource:
        return [found for suite in suites for found in _run(suite, datasource)]


@contextmanager
def _open_datasource(url: str) -> Iterator[PostgresDatasource]:
    # Five seconds of importing that only a run has to pay: commands and definitions that merely
    # name the checks start without it. On the way it imports a module that Python deprecates,
    # which is not ours to mend and would stop whoever treats warnings as errors.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations as gx  # noqa: PLC0415
        from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    # Nothing about anybody's data leaves the machine, and nothing waits for a closed network.
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    datasource = context.data_sources.add_postgres(
        "marts",
        connection_string=_sqlalchemy_url(url),
        create_temp_table=False,
        # In one transaction the first query that fails would take the checks after it with it.
        kwargs={"isolation_level": "AUTOCOMMIT"},  # type: ignore[call-arg] # missing in its stub
    )
    try:
        yield datasource
    finally:
        datasource.get_execution_engine().engine.dispose()
        datasource.get_engine().dispose()


def _sqlalchemy_url(url: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(
            "the checks need a host in the database's URL (Great Expectations refuses one without);"
            " write 127.0.0.1 for a server on this machine"
        )
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    settings["options"] = f"{settings.get('options', '')} -c search_path={SCHEMA}".strip()
    # libpq reads %20 as a space but + as a plus.
    parts = parts._replace(scheme="postgresql+psycopg", query=urlencode(settings, quote_via=quote))
    # A dollar sign would be taken for the name of an environment variable.
    return urlunsplit(parts).replace("$", "%24")


def _run(suite: Suite, datasource: PostgresDatasource) -> list[CheckResult]:
    asset = datasource.add_table_asset(suite.name, table_name=suite.table)
    batch = asset.add_batch_definition_whole_table("whole table")
    by_query = [check for check in suite.checks if check.expectation == ROWS_BY_QUERY]
    by_column = [check for check in suite.checks if check.expectation != ROWS_BY_QUERY]
    # Offending rows are in the complete result of a query (at most 200 of them), but a column's
    # complete result would be every offending value of the table: there a summary, with the keys.
    summary = {
        "result_format": "SUMMARY",
        "partial_unexpected_count": SAMPLE_SIZE,
        "unexpected_index_column_names": [*suite.key],
    }
    found = _validate(suite, by_query, batch, {"result_format": "COMPLETE"})
    found |= _validate(suite, by_column, batch, summary)
    return [found[check.name] for check in suite.checks]


def _validate(
    suite: Suite,
    checks: Sequence[Check],
    batch: BatchDefinition[Any],
    result_format: dict[str, Any],
) -> dict[str, CheckResult]:
    from great_expectations import ExpectationSuite, expectations  # noqa: PLC0415

    by_name = {check.name: check for check in checks}
    suite_of_checks = ExpectationSuite(
        name=suite.name,
        expectations=[
            getattr(expectations, check.expectation)(
                **check.arguments,
                severity=str(check.severity),
                description=check.description,
                meta={"name": check.name},
            )
            for check in checks
        ],
    )
    validated = batch.get_batch().validate(suite_of_checks, result_format=result_format)
    results = {}
    for result in validated.results:
        configuration = result.expectation_config
        if configuration and configuration.meta:
            check = by_name[configuration.meta["name"]]
            results[check.name] = _to_check_result(suite, check, result)
    return results


def _to_check_result(
    suite: Suite, check: Check, result: ExpectationValidationResult
) -> CheckResult:
    outcome: dict[str, Any] = result.result or {}
    sample = outcome.get("partial_unexpected_index_list") or outcome.get("partial_unexpected_list")
    count = outcome.get("unexpected_count")
    if check.expectation == ROWS_BY_QUERY:
        count = outcome.get("observed_value")
        sample = outcome.get("details", {}).get("unexpected_rows")
    return CheckResult(
        suite=suite.name,
        table=suite.table,
        check_name=check.name,
        column=check.column,
        severity=check.severity,
        success=bool(result.success),
        observed=_observed(outcome, result.exception_info or {}),
        unexpected_count=count,
        unexpected_sample=[to_json(row) for row in (sample or [])[:SAMPLE_SIZE]],
        description=check.description,
    )


def _observed(outcome: dict[str, Any], exception_info: dict[str, Any]) -> dict[str, object]:
    names = ("observed_value", "element_count", "missing_count", "unexpected_percent", "details")
    observed = {
        name: to_json(outcome[name])
        for name in names
        if outcome.get(name) is not None and not (name == "details" and _has_rows(outcome[name]))
    }
    errors = [
        info.get("exception_message") for info in exception_info.values() if isinstance(info, dict)
    ]
    message = exception_info.get("exception_message") or next(filter(None, errors), None)
    return observed | ({"error": str(message).partition("\n")[0]} if message else {})


def _has_rows(details: Any) -> bool:
    return "unexpected_rows" in details
