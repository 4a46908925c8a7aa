"""The root Dagster loads: the leaves of `defs/`, and the one policy that holds for all of them."""

from pathlib import Path

import dagster as dg

from orchestration.automation import pipeline_job, pipeline_nightly
from orchestration.resources import AuditLog, Clock, EventLog, Warehouse


@dg.definitions
def defs() -> dg.Definitions:
    """Merge the leaves with the resources, the job and its schedule."""
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=Path(__file__).parent),
        dg.Definitions(
            resources={
                "warehouse": Warehouse(),
                "event_log": EventLog(),
                "audit_log": AuditLog(),
                "clock": Clock.configure_at_launch(),
            },
            jobs=[pipeline_job],
            schedules=[pipeline_nightly],
            # Steps are SQL statements: a process for each would cost more than its work.
            executor=dg.in_process_executor,
        ),
    )
