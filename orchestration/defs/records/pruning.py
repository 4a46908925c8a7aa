"""Forgetting old runs: a year of them would make every page of the UI wait."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster import RunRecord
from pydantic import Field

from orchestration.automation import KIND_TAG, TRIGGER_TAG, kind_tags

_BATCH = 100
_ENDED = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)


class PruningConfig(dg.Config):
    """How long the records of runs are kept."""

    days: int = Field(default=400, ge=1, description="Days that a run and its events are kept.")
    frequent_days: int = Field(
        default=30, ge=1, description="Days for those of each hour and of each session."
    )


@dg.op(description="Deletes runs that ended long ago, with their events. Alerts and results stay.")
def delete_old_runs(context: dg.OpExecutionContext, config: PruningConfig) -> int:
    """Delete old runs; return how many."""
    return prune_runs(context.instance, config, now=datetime.now(UTC))


def prune_runs(instance: dg.DagsterInstance, config: PruningConfig, *, now: datetime) -> int:
    """Delete the runs that have ended and are older than is to be kept; return how many."""
    frequent = {KIND_TAG: ["hourly", "session", "streaks", "audit"]}
    deleted = 0
    for days, tags in ((config.frequent_days, frequent), (config.days, {})):
        until = dg.RunsFilter(statuses=_ENDED, tags=tags, created_before=now - timedelta(days=days))
        for record in _list_runs(instance, until):
            instance.delete_run(record.dagster_run.run_id)
            deleted += 1
    return deleted


def _list_runs(instance: dg.DagsterInstance, chosen: dg.RunsFilter) -> Iterator[RunRecord]:
    # By the batch, the oldest first: each is deleted before the next is asked for.
    while records := instance.get_run_records(chosen, limit=_BATCH, ascending=True):
        yield from records


@dg.job(
    executor_def=dg.in_process_executor,
    description="Upkeep of Dagster's own records.",
    tags=kind_tags("records", timedelta(hours=1)),
)
def records_job() -> None:
    """Delete what is old."""
    delete_old_runs()


@dg.schedule(
    job=records_job,
    cron_schedule="45 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night at 03:45 UTC.",
)
def records_nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for one run."""
    tags = {TRIGGER_TAG: "schedule"}
    return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat(), tags=tags)


@dg.definitions
def record_defs() -> dg.Definitions:
    """The job and its schedule."""
    return dg.Definitions(jobs=[records_job], schedules=[records_nightly])
