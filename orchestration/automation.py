"""When the pipeline runs, and what a run of it is."""

from datetime import UTC, datetime

import dagster as dg

from orchestration.instance import PIPELINE_TAG

# The marts follow from the log; what the app tells in it by itself runs by its own clock, and so
# does the audit.
pipeline_assets = dg.AssetSelection.all() - dg.AssetSelection.groups("gamification", "audit")

pipeline_job = dg.define_asset_job(
    "pipeline_job",
    selection=pipeline_assets,
    description="Raw log to marts, with every check. Twice over the same events: no change.",
    tags=dict([PIPELINE_TAG]),
    executor_def=dg.in_process_executor,
)


def clock_config(as_of: datetime) -> dict[str, object]:
    """Run configuration that evaluates a run at an instant."""
    return {"resources": {"clock": {"config": {"as_of": as_of.astimezone(UTC).isoformat()}}}}


@dg.schedule(
    job=pipeline_job,
    cron_schedule="30 0 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night at 00:30 UTC, evaluated at that instant however late it starts.",
)
def pipeline_nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for one run, keyed by its tick: a tick evaluated twice gives one run."""
    tick = context.scheduled_execution_time
    return dg.RunRequest(run_key=tick.isoformat(), run_config=clock_config(tick))
