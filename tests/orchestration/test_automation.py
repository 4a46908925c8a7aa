"""What runs when, what each kind of run builds, and that they never load at once."""

from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
import pytest

from orchestration.automation import (
    NIGHTLY_WHOLE,
    WEEKLY_WHOLE,
    AssetJob,
    make_jobs,
    pipeline_job,
)
from orchestration.definitions import defs, select_suites
from orchestration.defs.dbt.manifest import dbt_project
from orchestration.loads.digests import read_project

LOADING = ("load_job", "sessions_job", "pipeline_job", "weekly_job", "backfill_job")
MONDAY = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return defs()


@dataclass(frozen=True)
class Expected:
    schedule: str
    cron: str
    job: str
    kind: str
    whole: tuple[str, ...] = ()


SCHEDULES = [
    Expected("load_hourly", "10 * * * *", "load_job", "hourly"),
    Expected("pipeline_nightly", "30 0 * * *", "pipeline_job", "nightly", NIGHTLY_WHOLE),
    Expected("pipeline_weekly", "30 12 * * 1", "weekly_job", "weekly", WEEKLY_WHOLE),
    Expected("streaks_hourly", "5 * * * *", "streaks_job", "streaks"),
]


@pytest.mark.parametrize("expected", SCHEDULES, ids=lambda each: each.schedule)
def test_schedule_asks_for_one_run_evaluated_at_its_tick(
    definitions: dg.Definitions, expected: Expected
) -> None:
    schedule = definitions.resolve_schedule_def(expected.schedule)
    assert (schedule.cron_schedule, schedule.job_name) == (expected.cron, expected.job)
    assert schedule.execution_timezone == "UTC"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance=instance, scheduled_execution_time=MONDAY)
        (request,) = schedule.evaluate_tick(context).run_requests or []
    assert request.run_key == "2026-03-02T12:30:00+00:00"
    clock = {"clock": {"config": {"as_of": "2026-03-02T12:30:00+00:00"}}}
    assert request.run_config["resources"] == clock
    whole = {"dbt_models": {"config": {"whole": [*expected.whole]}}} if expected.whole else {}
    assert request.run_config.get("ops", {}) == whole
    tags = (request.tags["study/kind"], request.tags["study/trigger"])
    assert tags == (expected.kind, "schedule")
    job = definitions.resolve_job_def(expected.job)
    assert dg.validate_run_config(job, request.run_config)


def test_models_computed_anew_at_night_and_weekly_are_there() -> None:
    models = read_project(dbt_project().manifest_path).models
    assert {*NIGHTLY_WHOLE, *WEEKLY_WHOLE} <= models.keys()


@pytest.mark.parametrize("name", LOADING)
def test_job_that_loads_waits_for_the_others_and_has_its_time(
    definitions: dg.Definitions, name: str
) -> None:
    tags = definitions.resolve_job_def(name).tags
    assert tags["study/pipeline"] == "warehouse"
    assert int(tags["dagster/max_runtime"]) > 0
    assert {"study/kind", "study/trigger"} <= tags.keys()


def test_hourly_load_builds_every_model_and_leaves_the_suites_to_the_night(
    definitions: dg.Definitions,
) -> None:
    hourly = definitions.resolve_job_def("load_job")
    nightly = definitions.resolve_job_def("pipeline_job")
    assert hourly.asset_layer.executable_asset_keys == nightly.asset_layer.executable_asset_keys
    assert {node.name for node in hourly.nodes} < {node.name for node in nightly.nodes}
    assert "dbt_models" in {node.name for node in hourly.nodes}
    assert not [node.name for node in hourly.nodes if node.name.endswith("_suite")]


def test_job_of_ended_sessions_builds_days_and_no_weeks(definitions: dg.Definitions) -> None:
    keys = definitions.resolve_job_def("sessions_job").asset_layer.executable_asset_keys
    assert dg.AssetKey(["marts", "daily_user_stats"]) in keys
    assert dg.AssetKey(["marts", "weekly_user_stats"]) not in keys


def test_week_takes_along_what_calls_itself_weekly() -> None:
    @dg.asset(key=["ops", "fitted"], group_name="ops", tags={"study/cadence": "weekly"})
    def fitted() -> None: ...

    leaves = dg.Definitions(assets=[fitted])
    merged = dg.Definitions.merge(
        defs(), dg.Definitions(assets=[fitted], jobs=[renamed_weekly(leaves)])
    )
    keys = merged.resolve_job_def("weekly_job_of_test").asset_layer.executable_asset_keys
    assert fitted.key in keys
    nightly = merged.resolve_job_def(pipeline_job.name).asset_layer.executable_asset_keys
    assert fitted.key not in nightly


def renamed_weekly(leaves: dg.Definitions) -> AssetJob:
    weekly = next(job for job in make_jobs(select_suites(leaves)) if job.name == "weekly_job")
    return dg.define_asset_job("weekly_job_of_test", selection=weekly.selection)


def test_backfill_that_was_given_no_days_says_so(definitions: dg.Definitions) -> None:
    job = definitions.resolve_job_def("backfill_job")
    prefilled = job.run_config
    assert prefilled is not None
    config = prefilled["ops"]["dbt_models"]["config"]
    assert config == {"backfill_from": "YYYY-MM-DD", "backfill_to": "YYYY-MM-DD"}
    given = {"backfill_from": "2026-01-01", "backfill_to": "2026-01-31"}
    assert dg.validate_run_config(job, {"ops": {"dbt_models": {"config": given}}})
