"""The root Dagster loads: the leaves of `defs/`, and the one policy that holds for all of them."""

from pathlib import Path

import dagster as dg

from orchestration.automation import (
    load_hourly,
    make_jobs,
    pipeline_job,
    pipeline_nightly,
    pipeline_weekly,
)
from orchestration.resources import AuditLog, Clock, EventLog, Warehouse


@dg.definitions
def defs() -> dg.Definitions:
    """Merge the leaves with the resources, the jobs and their schedules."""
    leaves = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    return dg.Definitions.merge(
        leaves,
        dg.Definitions(
            resources={
                "warehouse": Warehouse(),
                "event_log": EventLog(),
                "audit_log": AuditLog(),
                "clock": Clock.configure_at_launch(),
            },
            jobs=[pipeline_job, *make_jobs(select_suites(leaves))],
            schedules=[load_hourly, pipeline_nightly, pipeline_weekly],
            # Steps are SQL statements: a process for each would cost more than its work.
            executor=dg.in_process_executor,
        ),
    )


def select_suites(leaves: dg.Definitions) -> dg.AssetSelection:
    """The checks that have steps of their own; dbt's tests run with the models they test."""
    checks = leaves.asset_checks or []
    return dg.AssetSelection.checks(*(key for each in checks for key in each.check_keys))
