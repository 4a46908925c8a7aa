"""When the pipeline runs, what each kind of run builds, and how long it may take."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.instance import PIPELINE_TAG

AssetJob: TypeAlias = UnresolvedAssetJobDefinition

KIND_TAG = "study/kind"
TRIGGER_TAG = "study/trigger"
CADENCE_TAG = "study/cadence"
MAX_RUNTIME_TAG = "dagster/max_runtime"

NIGHTLY_WHOLE = ("topic_mastery", "knowledge_gaps", "user_learning_metrics")
"""Models the night computes anew from the whole history, whatever the events of the day touch."""

WEEKLY_WHOLE = ("weekly_user_stats", "topic_mastery", "knowledge_gaps")
"""Those of the week."""

# An asset that says so of itself, by this tag, runs weekly and with nothing else: a fit of a model.
weekly_assets = dg.AssetSelection.tag(CADENCE_TAG, "weekly")

# The marts follow from the log; what the app tells in it by itself runs by its own clock, and so
# do the upkeep of the database, its months and the audit.
pipeline_assets = (
    dg.AssetSelection.all()
    - dg.AssetSelection.groups("gamification", "ops", "audit")
    - weekly_assets
)


def kind_tags(kind: str, limit: timedelta) -> dict[str, str]:
    """Tags of every run: what it is, who asked for it, and when it is ended as over its time."""
    return {
        KIND_TAG: kind,
        TRIGGER_TAG: "by hand",
        MAX_RUNTIME_TAG: str(int(limit.total_seconds())),
    }


def run_tags(kind: str, limit: timedelta) -> dict[str, str]:
    """The same of a run that takes the lock of loads: Dagster's queue starts one at a time."""
    return {PIPELINE_TAG[0]: PIPELINE_TAG[1], **kind_tags(kind, limit)}


pipeline_job = dg.define_asset_job(
    "pipeline_job",
    selection=pipeline_assets,
    description="Raw log to marts, with every check. Twice over the same events: no change.",
    tags=run_tags("full", timedelta(hours=6)),
    executor_def=dg.in_process_executor,
)


def make_jobs(suites: dg.AssetSelection) -> Sequence[AssetJob]:
    """The jobs that build less than everything, or more. `suites` are the checks apart from dbt."""
    models = pipeline_assets - suites
    days = dg.AssetSelection.assets(["marts", "daily_user_stats"])
    return [
        dg.define_asset_job(
            "load_job",
            selection=models,
            description="What came since the last load, with the tests of dbt: minutes.",
            tags=run_tags("hourly", timedelta(minutes=55)),
            executor_def=dg.in_process_executor,
        ),
        dg.define_asset_job(
            "sessions_job",
            selection=(days.upstream() - dg.AssetSelection.groups("raw")) - suites,
            description="The days of learners who have ended a session, and what they rest on.",
            tags=run_tags("session", timedelta(minutes=20)),
            executor_def=dg.in_process_executor,
        ),
        dg.define_asset_job(
            "weekly_job",
            selection=pipeline_assets | weekly_assets,
            description="All of the pipeline, weeks and gaps computed anew, and models fitted.",
            tags=run_tags("weekly", timedelta(hours=12)),
            executor_def=dg.in_process_executor,
        ),
        dg.define_asset_job(
            "backfill_job",
            selection=pipeline_assets,
            description="Computes again all that the events of some local dates touch: set the two"
            " dates in the launchpad. The marts of an undisturbed database are right without.",
            # Not dates: whoever launches it unread is told, and nothing is computed.
            config={"ops": {"dbt_models": {"config": backfill_config("YYYY-MM-DD", "YYYY-MM-DD")}}},
            tags=run_tags("backfill", timedelta(hours=12)),
            executor_def=dg.in_process_executor,
        ),
    ]


def backfill_config(first: str, last: str) -> dict[str, object]:
    """How the models are built in a backfill of local dates, both included."""
    return {"backfill_from": first, "backfill_to": last}


def clock_config(as_of: datetime, whole: Sequence[str] = ()) -> dict[str, object]:
    """Run configuration that evaluates a run at an instant and builds some models whole."""
    clock: dict[str, object] = {
        "resources": {"clock": {"config": {"as_of": as_of.astimezone(UTC).isoformat()}}}
    }
    if not whole:
        return clock
    return {**clock, "ops": {"dbt_models": {"config": {"whole": list(whole)}}}}


def request(tick: datetime, kind: str, whole: Sequence[str] = ()) -> dg.RunRequest:
    """One run of a tick, evaluated at it, and keyed by it: a tick seen twice gives one run."""
    return dg.RunRequest(
        run_key=tick.isoformat(),
        run_config=clock_config(tick, whole),
        tags={KIND_TAG: kind, TRIGGER_TAG: "schedule"},
    )


@dg.schedule(
    job_name="load_job",
    # Past the streaks told at five minutes past.
    cron_schedule="10 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each hour, ten minutes past it, evaluated at that instant however late.",
)
def load_hourly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for one load."""
    return request(context.scheduled_execution_time, "hourly")


@dg.schedule(
    job=pipeline_job,
    cron_schedule="30 0 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night at 00:30 UTC, evaluated at that instant however late it starts.",
)
def pipeline_nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for one run of everything, with mastery, gaps and figures of learners anew."""
    return request(context.scheduled_execution_time, "nightly", NIGHTLY_WHOLE)


@dg.schedule(
    job_name="weekly_job",
    # The last learner's Sunday ends at twelve: west of the date line, at UTC-12.
    cron_schedule="30 12 * * 1",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Mondays at 12:30 UTC, when the week is over wherever a learner may be.",
)
def pipeline_weekly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for one run of the week."""
    return request(context.scheduled_execution_time, "weekly", WEEKLY_WHOLE)
