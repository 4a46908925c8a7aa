"""Fitting the model of mastery once a week, on the installation's own answers."""

from typing import Any

import dagster as dg

from orchestration.automation import CADENCE_TAG
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
    tags={CADENCE_TAG: "weekly"},
    kinds={"scikitlearn", "postgres"},
    deps=[dg.AssetKey(["intermediate", "mastery_answer_features"])],
    description="The models of mastery that were fitted, each judged by learners held out; the last"
    " one promoted is in force from the next load on. One row per fit.",
)
def mastery_models(
    context: dg.AssetExecutionContext, warehouse: Warehouse, clock: Clock
) -> dg.MaterializeResult[None]:
    """Fit, judge by learners held out, and promote what is better."""
    with warehouse.retrying(context):
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


@dg.definitions
def mastery_defs() -> dg.Definitions:
    """The asset; `weekly_job` takes it by its tag."""
    return dg.Definitions(assets=[mastery_models])
