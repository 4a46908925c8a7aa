"""The suites and reconciliations as asset checks, one step a mart and one across them all."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import dagster as dg

from ingestion.store.database import Role, role_url
from orchestration.resources import Clock, Warehouse
from quality.reconciler import reconcile
from quality.reconciliation import RECONCILIATIONS
from quality.results import CheckResult, record
from quality.runner import run_suite
from quality.suites import SUITES
from quality.suites.suite import Severity, Suite

SCHEMA = "marts"


@dg.definitions
def quality_defs() -> dg.Definitions:
    """A check for every fact the suites and reconciliations state."""
    return dg.Definitions(
        asset_checks=[*(suite_checks(suite) for suite in SUITES.values()), reconciliation_checks()]
    )


def suite_checks(suite: Suite) -> dg.AssetChecksDefinition:
    """The facts of one suite."""
    specs = [
        dg.AssetCheckSpec(check.name, asset=mart_key(suite.table), description=check.description)
        for check in suite.checks
    ]

    @dg.multi_asset_check(name=f"{suite.table}_suite", specs=specs, can_subset=True)
    def run(
        context: dg.AssetCheckExecutionContext, warehouse: Warehouse, clock: Clock
    ) -> Iterator[dg.AssetCheckResult]:
        results = run_suite(suite, quality_url(warehouse))
        yield from keep(context, warehouse, clock.instant, results)

    return run


def reconciliation_checks() -> dg.AssetChecksDefinition:
    """The facts that hold between marts, so checked once all of them are built."""
    marts = [mart_key(table) for table in SUITES]
    specs = [
        dg.AssetCheckSpec(
            each.name,
            asset=mart_key(each.table),
            description=each.description,
            additional_deps=[key for key in marts if key != mart_key(each.table)],
        )
        for each in RECONCILIATIONS
    ]

    @dg.multi_asset_check(name="marts_reconciliation", specs=specs, can_subset=True)
    def run(
        context: dg.AssetCheckExecutionContext, warehouse: Warehouse, clock: Clock
    ) -> Iterator[dg.AssetCheckResult]:
        yield from keep(context, warehouse, clock.instant, reconcile(quality_url(warehouse)))

    return run


def keep(
    context: dg.AssetCheckExecutionContext,
    warehouse: Warehouse,
    as_of: datetime,
    results: Iterable[CheckResult],
) -> Iterator[dg.AssetCheckResult]:
    """Record the results this run asked for in schema `quality`, then give them to Dagster."""
    asked = context.selected_asset_check_keys
    chosen = [
        found
        for found in results
        if dg.AssetCheckKey(mart_key(found.table), found.check_name) in asked
    ]
    record(quality_url(warehouse), context.run.run_id, as_of, chosen)
    yield from (to_dagster(found) for found in chosen)


def to_dagster(found: CheckResult) -> dg.AssetCheckResult:
    """A result as Dagster shows it, with the offending rows to start looking from."""
    is_critical = found.severity is Severity.CRITICAL
    count = {} if found.unexpected_count is None else {"unexpected_count": found.unexpected_count}
    sample: Sequence[object] = found.unexpected_sample
    return dg.AssetCheckResult(
        asset_key=mart_key(found.table),
        check_name=found.check_name,
        passed=found.success,
        severity=dg.AssetCheckSeverity.ERROR if is_critical else dg.AssetCheckSeverity.WARN,
        description=found.description,
        metadata={
            "suite": found.suite,
            **({"column": found.column} if found.column else {}),
            **count,
            "observed": dg.MetadataValue.json(dict(found.observed)),
            **({"sample": dg.MetadataValue.json(list(sample))} if sample else {}),
        },
    )


def mart_key(table: str) -> dg.AssetKey:
    """The asset of a mart."""
    return dg.AssetKey([SCHEMA, table])


def quality_url(warehouse: Warehouse) -> str:
    """The database as the checks see it: with the rights of the role that built the marts."""
    return role_url(warehouse.url, Role.TRANSFORM, application_name="study-quality")
