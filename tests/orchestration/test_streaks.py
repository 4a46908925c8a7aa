"""The job of broken streaks on a real database and a real Dagster instance."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import dagster as dg
import psycopg
import pytest

from orchestration.automation import clock_config
from orchestration.definitions import defs
from orchestration.defs.gamification import streaks
from orchestration.defs.gamification.streaks import STREAK_BROKEN, streaks_hourly, streaks_job
from orchestration.landing import land_events
from orchestration.loads.lock import PIPELINE_LOCK
from orchestration.settings import Settings
from tests.orchestration.conftest import make_events

# In a month that is open or can be opened, whenever the test is run.
STUDIED = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=4)
AS_OF = STUDIED + timedelta(days=2)


@pytest.fixture
def url(settings: Settings) -> str:
    """A database with one learner who studied on one day, in UTC."""
    assert settings.given_url
    (event,) = make_events(1, user_id=str(uuid4()))
    event |= {"occurred_at": STUDIED.isoformat(), "event_id": f"studied {uuid4()}"}
    land_events(settings.given_url, [event])
    return settings.given_url


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def run_job(instance: dg.DagsterInstance, as_of: datetime) -> dg.ExecuteInProcessResult:
    job = defs().resolve_job_def(streaks_job.name)
    return job.execute_in_process(instance=instance, run_config=clock_config(as_of))


def told_by(result: dg.ExecuteInProcessResult) -> object:
    assert result.success
    (event,) = result.get_asset_materialization_events()
    metadata = event.step_materialization_data.materialization.metadata
    return metadata["streaks_told"].value


def test_job_tells_once_at_the_midnight_it_is_evaluated_at(
    url: str, instance: dg.DagsterInstance
) -> None:
    midnight = AS_OF.replace(hour=0)
    assert told_by(run_job(instance, midnight - timedelta(seconds=1))) == 0
    assert told_by(run_job(instance, midnight)) == 1
    result = run_job(instance, AS_OF)
    assert told_by(result) == 0
    (check,) = result.get_asset_check_evaluations()
    assert check.passed
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select occurred_at, session_id, properties from raw.study_events"
            " where event_type = 'streak_broken'"
        ).fetchall()
        books = connection.execute("select sum(accepted) from raw.landings").fetchone()
    assert rows == [(midnight, None, {"old_streak": 1, "new_streak": 0, "is_new_record": False})]
    assert books == (2,)


def test_job_does_not_wait_for_the_pipeline(url: str, instance: dg.DagsterInstance) -> None:
    with psycopg.connect(url) as loading:
        loading.execute("select pg_advisory_xact_lock(%s)", (PIPELINE_LOCK,))
        assert told_by(run_job(instance, AS_OF)) == 1


@pytest.mark.parametrize("work", ["tell_broken_streaks", "find_told_twice"])
def test_step_that_lost_its_connection_is_tried_again(
    url: str, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    real, attempts = getattr(streaks, work), []

    async def cut_once(connection: psycopg.AsyncConnection, **options: Any) -> Any:
        attempts.append(connection)
        if len(attempts) == 1:
            with psycopg.connect(url, autocommit=True) as owner:
                pid = connection.info.backend_pid
                owner.execute("select pg_terminate_backend(%s, 5000)", (pid,))
        return await real(connection, **options)

    monkeypatch.setattr(streaks, work, cut_once)
    monkeypatch.setattr("orchestration.retrying._FIRST_DELAY_SECONDS", 0.01)
    assert told_by(run_job(instance, AS_OF)) == 1
    assert len(attempts) == 2


def test_streak_told_twice_is_red(url: str, instance: dg.DagsterInstance) -> None:
    user = str(uuid4())
    land_events(
        url,
        [
            {
                "event_id": f"broken {number} {user}",
                "event_type": "streak_broken",
                "user_id": user,
                "occurred_at": (AS_OF - timedelta(hours=number)).isoformat(),
            }
            for number in range(2)
        ],
    )
    (check,) = run_job(instance, AS_OF).get_asset_check_evaluations()
    assert not check.passed
    assert check.asset_key == STREAK_BROKEN
    assert check.metadata["unexpected_count"].value == 1


def test_hourly_run_is_evaluated_at_its_tick() -> None:
    definitions = defs()
    schedule = definitions.resolve_schedule_def(streaks_hourly.name)
    assert schedule.cron_schedule == "5 * * * *"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    tick = datetime(2026, 3, 1, 0, 5, tzinfo=UTC)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance=instance, scheduled_execution_time=tick)
        (request,) = schedule.evaluate_tick(context).run_requests or []
    assert request.run_config == clock_config(tick)
    assert request.run_key == tick.isoformat()
    job = definitions.resolve_job_def(streaks_job.name)
    assert dg.validate_run_config(job, request.run_config)
    assert dg.validate_run_config(job, {})
