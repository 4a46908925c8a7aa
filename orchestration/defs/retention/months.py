"""The lifecycle of the log's months: a job of its own, each night."""

from datetime import timedelta
from typing import Any

import dagster as dg
import psycopg

from ingestion.store.archive.schedule import count_months_ahead
from orchestration.automation import request, run_tags
from orchestration.defs.dbt.manifest import dbt_project
from orchestration.loads.digests import read_project
from orchestration.resources import Clock, Warehouse
from orchestration.retention import open_archive, retain
from orchestration.settings import read_settings
from orchestration.translator import OWNER

ARCHIVES = dg.AssetKey(["ops", "archives"])
FEWEST_AHEAD = 1
"""With less, the turn of a month finds no place for its events, and all of them are refused."""


@dg.asset(
    key=ARCHIVES,
    group_name="ops",
    owners=[OWNER],
    kinds={"postgres", "parquet"},
    deps=[["raw", "study_events"], ["intermediate", "int_events_placed"]],
    description="The manifest of the archive. A run makes the coming months, moves those over 90"
    " days old to cold disks, and archives those over two years old: exported, read back,"
    " compared, detached, dropped. One row per archived month.",
)
def archives(
    context: dg.AssetExecutionContext, warehouse: Warehouse, clock: Clock
) -> dg.MaterializeResult[None]:
    """Do what is due at the instant of the run."""
    settings = read_settings()
    with warehouse.retrying(context):
        done = retain(
            warehouse.url,
            open_archive(settings),
            as_of=clock.instant,
            models=read_project(dbt_project().manifest_path).models,
            cold_tablespace=settings.cold_tablespace,
            tell=context.log.info,
        )
    if settings.cold_tablespace is None:
        context.log.info("Nothing is moved to cold disks: STUDY_COLD_TABLESPACE is not set.")
    for month, why in done.waiting.items():
        context.log.warning("%s stays in the log: %s", f"{month:%Y-%m}", why)
    return dg.MaterializeResult(
        metadata={
            "months_made": done.made,
            "months_cooled": [f"{month:%Y-%m}" for month in done.cooled],
            "months_archived": [f"{each.month:%Y-%m}" for each in done.archived],
            "dead_letters_deleted": done.letters,
            "events_archived": sum(each.row_count or 0 for each in done.archived),
            "months_waiting": {f"{month:%Y-%m}": why for month, why in done.waiting.items()},
        }
    )


@dg.asset_check(
    asset=ARCHIVES,
    description="The month after this one can take events. Without it every event is refused when"
    " this one is over.",
)
def months_are_made_ahead(warehouse: Warehouse, clock: Clock) -> dg.AssetCheckResult:
    """Count the months ahead of the instant of the run."""
    with psycopg.connect(warehouse.url) as connection:
        ahead = count_months_ahead(connection, clock.instant)
    return dg.AssetCheckResult(passed=ahead >= FEWEST_AHEAD, metadata={"months_ahead": ahead})


@dg.asset_check(
    asset=ARCHIVES,
    description="Raw events live two years: no month that is due stays in the log.",
)
def months_leave_when_due(warehouse: Warehouse, clock: Clock) -> dg.AssetCheckResult:
    """List what is due and still in the log, beside months restored for a while."""
    settings = read_settings()
    due = retain(
        warehouse.url,
        open_archive(settings),
        as_of=clock.instant,
        models=read_project(dbt_project().manifest_path).models,
        cold_tablespace=None,
        dry_run=True,
    )
    sample: Any = {f"{month:%Y-%m}": due.waiting.get(month, "not archived") for month in due.due}
    return dg.AssetCheckResult(
        passed=not due.due,
        metadata={"unexpected_count": len(sample), "sample": dg.MetadataValue.json(sample)},
    )


retention_job = dg.define_asset_job(
    "retention_job",
    selection=dg.AssetSelection.assets(ARCHIVES),
    description="Months made ahead, cooled and archived. Twice at one instant: no change.",
    # The first one has years of months to move; a load waits for its end.
    tags=run_tags("retention", timedelta(hours=12)),
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    job=retention_job,
    # After the night's load, which a month has to be part of before it may leave.
    cron_schedule="30 2 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night at 02:30 UTC, evaluated at that instant however late it starts.",
)
def retention_nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for one run, keyed by its tick: a tick evaluated twice gives one run."""
    return request(context.scheduled_execution_time, "retention")


@dg.definitions
def retention_defs() -> dg.Definitions:
    """The lifecycle of the log's months."""
    return dg.Definitions(
        assets=[archives],
        asset_checks=[months_are_made_ahead, months_leave_when_due],
        jobs=[retention_job],
        schedules=[retention_nightly],
    )
