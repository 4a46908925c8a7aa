"""Fitting the model of mastery once a week, on the installation's own answers."""

from typing import Any

import dagster as dg

from orchestration.mastery.plot import as_markdown, draw_reliability
from orchestration.mastery.refitting import Refit, refit
from orchestration.resources import Clock, Warehouse
from orchestration.settings import read_settings
from orchestration.translator import OWNER

GROUP = "ops"


@dg.asset(
    key=["ops", "mastery_models"],
    group_name=GROUP,
    owners=[OWNER],
    kinds={"scikitlearn", "postgres"},
    deps=[dg.AssetKey(["intermediate", "mastery_answer_features"])],
    description="The models of mastery that were fitted, each judged by learners held out; the last"
    " one promoted is in force from the next load on. One row per fit.",
)
def mastery_models(warehouse: Warehouse, clock: Clock) -> dg.MaterializeResult[None]:
    """Fit, judge by learners held out, and promote what is better."""
    done = refit(warehouse.url, clock.instant, wanted=read_settings().mastery_version)
    return dg.MaterializeResult(metadata=tell(done))


def tell(done: Refit) -> dict[str, Any]:
    """What became of a fit, as asset metadata."""
    told: dict[str, Any] = {"version": done.version, "promoted": done.is_promoted, "why": done.why}
    for name, figures in (("new", done.new), ("in force", done.old)):
        if figures is not None:
            told |= {
                f"{name}: AUC": figures.auc,
                f"{name}: log-loss": figures.log_loss,
                f"{name}: ECE": figures.ece,
            }
    if done.new is not None:
        told["answers held out"] = done.new.answers
        told["reliability"] = dg.MetadataValue.md(as_markdown(draw_reliability(done.bins)))
    return {name: value for name, value in told.items() if value is not None}


mastery_job = dg.define_asset_job(
    "mastery_job",
    selection=[mastery_models],
    description="Fit the model of mastery anew; promoted only if it foretells better.",
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    job=mastery_job,
    cron_schedule="30 2 * * 0",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every Sunday at 02:30 UTC, after the night's load.",
)
def mastery_weekly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for one run, keyed by its tick: a tick evaluated twice gives one run."""
    tick = context.scheduled_execution_time
    clock = {"resources": {"clock": {"config": {"as_of": tick.isoformat()}}}}
    return dg.RunRequest(run_key=tick.isoformat(), run_config=clock)


@dg.definitions
def mastery_defs() -> dg.Definitions:
    """The asset, its job and its schedule."""
    return dg.Definitions(assets=[mastery_models], jobs=[mastery_job], schedules=[mastery_weekly])
