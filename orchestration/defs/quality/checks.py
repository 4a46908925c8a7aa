"""The suites and reconciliations as asset checks: a step for each table, one across them all."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import psycopg

from ingestion.store.database import Role, role_url
from orchestration.loads import HeldLock
from orchestration.resources import Clock, Warehouse
from orchestration.settings import read_settings
from quality.docs import docs_page, write_docs
from quality.profiles import keep_profiles
from quality.reconciler import reconcile
from quality.reconciliation import RECONCILIATIONS
from quality.results import CheckResult, prune, record
from quality.runner import judge_suites
from quality.suites import MARTS, SUITES
from quality.suites.suite import Check, Severity, Suite

KEPT = timedelta(days=400)
"""Results are kept to look back at the same season of last year."""

Context = dg.AssetCheckExecutionContext

FIT_TO_LOAD = dg.AssetCheckSpec(
    "log_is_fit_to_be_loaded",
    asset=dg.AssetKey(["raw", "landings"]),
    description="No blocking check of raw.study_events found an error.",
    blocking=True,
)
"""What holds the models back. On the books, which staging is held against: Dagster lets no check of
the log hold back who checks the log too, and dbt does, by its tests of the source."""


@dg.definitions
def quality_defs() -> dg.Definitions:
    """A check for every fact the suites and reconciliations state."""
    return dg.Definitions(
        asset_checks=[*(suite_checks(suite) for suite in SUITES.values()), reconciliation_checks()]
    )


def suite_checks(suite: Suite) -> dg.AssetChecksDefinition:
    """The facts of one suite."""
    gates = [FIT_TO_LOAD] if suite.schema == "raw" else []

    @dg.multi_asset_check(
        name=f"{suite.table}_suite",
        specs=[*(_to_spec(suite, check) for check in suite.checks), *gates],
        can_subset=True,
    )
    def run(context: Context, warehouse: Warehouse, clock: Clock) -> Iterator[dg.AssetCheckResult]:
        with warehouse.retrying(context):
            url, as_of = quality_url(warehouse), clock.instant
            judged = judge_suites([suite], url, as_of)
            refuse_if_lost(warehouse.lock, judged[0].results)
            docs = read_settings().data_docs
            page = write_docs(docs, judged, run_id=context.run.run_id, as_of=as_of)
            yield from keep(context, warehouse, as_of, judged[0].results, page)
            for gate in gates:
                if gate.key in context.selected_asset_check_keys:
                    yield to_gate(gate, judged[0].results)
            # After the checks have compared with what was kept before.
            keep_profiles(url, as_of, [suite.table])

    return run


def reconciliation_checks() -> dg.AssetChecksDefinition:
    """The facts that hold between tables, so checked once all of them are built."""
    marts = [asset_key(suite.schema, suite.table) for suite in MARTS]
    specs = [
        dg.AssetCheckSpec(
            each.name,
            asset=asset_key(each.schema, each.table),
            description=each.description,
            additional_deps=[key for key in marts if key != asset_key(each.schema, each.table)],
        )
        for each in RECONCILIATIONS
    ]

    @dg.multi_asset_check(name="marts_reconciliation", specs=specs, can_subset=True)
    def run(context: Context, warehouse: Warehouse, clock: Clock) -> Iterator[dg.AssetCheckResult]:
        with warehouse.retrying(context):
            prune(warehouse.url, clock.instant - KEPT)
            page = docs_page(read_settings().data_docs)
            results = reconcile(quality_url(warehouse))
            yield from keep(context, warehouse, clock.instant, results, page)

    return run


def refuse_if_lost(lock: HeldLock, results: Iterable[CheckResult]) -> None:
    """Raise psycopg.OperationalError where checks could not run because the server went away.

    Great Expectations raises nothing then: it tells each of them as failed, and people would be
    alerted of a fault in the data.
    """
    if any("error" in found.observed for found in results) and lock.is_lost():
        raise psycopg.OperationalError("the connection was lost while the checks ran")


def _to_spec(suite: Suite, check: Check) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        check.name,
        asset=asset_key(suite.schema, suite.table),
        description=check.description,
        blocking=check.blocking,
        metadata={"suite": suite.name, "severity": str(check.severity)},
    )


def keep(
    context: Context,
    warehouse: Warehouse,
    as_of: datetime,
    results: Iterable[CheckResult],
    page: Path,
) -> Iterator[dg.AssetCheckResult]:
    """Record the results this run asked for in schema `quality`, then give them to Dagster."""
    asked = context.selected_asset_check_keys
    chosen = [
        found
        for found in results
        if dg.AssetCheckKey(asset_key(found.schema, found.table), found.check_name) in asked
    ]
    record(quality_url(warehouse), context.run.run_id, as_of, chosen)
    yield from (to_dagster(found, page) for found in chosen)


def to_dagster(found: CheckResult, page: Path) -> dg.AssetCheckResult:
    """A result as Dagster shows it, with the offending rows to start looking from."""
    is_critical = found.severity is Severity.CRITICAL
    count = {} if found.unexpected_count is None else {"unexpected_count": found.unexpected_count}
    return dg.AssetCheckResult(
        asset_key=asset_key(found.schema, found.table),
        check_name=found.check_name,
        passed=found.success,
        severity=dg.AssetCheckSeverity.ERROR if is_critical else dg.AssetCheckSeverity.WARN,
        description=found.description,
        metadata={
            "suite": found.suite,
            **({"column": found.column} if found.column else {}),
            **count,
            "observed": dg.MetadataValue.json(dict(found.observed)),
            **to_table(found.unexpected_sample),
            "data_docs": dg.MetadataValue.path(page),
        },
    )


def to_gate(gate: dg.AssetCheckSpec, results: Iterable[CheckResult]) -> dg.AssetCheckResult:
    """Whether the next layer may be built, by the blocking checks among these."""
    failed = [found.check_name for found in results if found.blocking and not found.success]
    return dg.AssetCheckResult(
        asset_key=gate.asset_key,
        check_name=gate.name,
        passed=not failed,
        metadata={"failed": dg.MetadataValue.json(failed)},
    )


def to_table(sample: Sequence[object]) -> dict[str, dg.MetadataValue]:
    """Offending rows as a table of the UI; as JSON what is no row."""
    rows = [row for row in sample if isinstance(row, dict)]
    if not sample:
        return {}
    if len(rows) != len(sample):
        return {"sample": dg.MetadataValue.json(list(sample))}
    # A cell of Dagster's holds text, a number or a truth: an array is shown as text.
    records = [
        dg.TableRecord(
            {
                name: value if value is None or isinstance(value, str | int | float) else str(value)
                for name, value in row.items()
            }
        )
        for row in rows
    ]
    columns = [dg.TableColumn(name, _column_type(name, rows)) for name in rows[0]]
    return {"sample": dg.MetadataValue.table(records, dg.TableSchema(columns))}


def _column_type(name: str, rows: Sequence[dict[str, object]]) -> str:
    kinds = {type(row.get(name)) for row in rows} - {type(None)}
    names = {str: "string", bool: "bool", int: "int", float: "float"}
    return names.get(kinds.pop(), "string") if len(kinds) == 1 else "string"


def asset_key(schema: str, table: str) -> dg.AssetKey:
    """The asset of a table."""
    return dg.AssetKey([schema, table])


def quality_url(warehouse: Warehouse) -> str:
    """The database as the checks see it: with the rights of the role that built the marts."""
    return role_url(warehouse.url, Role.TRANSFORM, application_name="study-quality")
