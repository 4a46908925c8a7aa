"""The pipeline on a real database and a real Dagster instance."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import psycopg
import pytest

from orchestration.definitions import defs
from orchestration.instance import prepare_dagster
from orchestration.judging import find_last_as_of, judge
from orchestration.landing import land_events
from orchestration.loads.lock import PIPELINE_LOCK
from orchestration.marts import find_changes, summarise_marts
from orchestration.pipeline import EmptySelectionError, run_pipeline, select_assets
from orchestration.resources import Warehouse
from orchestration.settings import Settings, exported
from tests.orchestration.conftest import Study, make_events

AS_OF = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)


@pytest.fixture
def connection(settings: Settings) -> Iterator[psycopg.Connection]:
    assert settings.given_url
    with psycopg.connect(settings.given_url, autocommit=True) as opened:
        yield opened


def url_of(settings: Settings) -> str:
    assert settings.given_url
    return settings.given_url


def test_run_builds_every_mart_and_checks_it(
    settings: Settings, connection: psycopg.Connection
) -> None:
    land_events(url_of(settings), make_events(5))
    as_of = datetime.now(UTC)
    outcome = run_pipeline(settings, as_of=as_of)
    assert outcome.errors == []
    assert outcome.held
    rows = {asset.name: asset.rows for asset in outcome.assets}
    assert rows["raw.study_events"] == 5
    assert rows["raw.failed_events"] == 0
    assert rows["marts.question_attempts"] == 5
    assert rows["marts.study_sessions"] == 1
    assert {"marts.material_interactions", "marts.daily_user_stats"} <= rows.keys()
    assert all(check.passed for check in outcome.checks)
    recorded = connection.execute(
        "select count(*), min(as_of), max(as_of), bool_and(success) from quality.check_results"
        " where run_id = %s",
        (outcome.run_id,),
    ).fetchone()
    assert recorded is not None
    assert recorded[0] > 50
    assert recorded[1:] == (as_of, as_of, True)
    # The UI reads the same records.
    with (
        exported(prepare_dagster(settings, url_of(settings))),
        dg.DagsterInstance.get() as instance,
    ):
        run = instance.get_run_by_id(outcome.run_id)
        assert run is not None
        assert run.status is dg.DagsterRunStatus.SUCCESS
        assert not instance.telemetry_enabled

    assert find_last_as_of(url_of(settings)) == as_of
    judgement = judge(url_of(settings), as_of=as_of, with_oracle=True)
    assert judgement.held

    # As at a session's end: weeks and gamification stay behind the days, which is no fault.
    land_events(url_of(settings), make_events(8))
    days_alone = run_pipeline(settings, as_of=as_of, select='+key:"marts/daily_user_stats"')
    assert days_alone.errors == []
    assert days_alone.held
    assert set(judgement.differences) <= set(summarise_marts(url_of(settings)))

    before = summarise_marts(url_of(settings))
    connection.execute("update marts.daily_user_stats set xp_earned = xp_earned + 1")
    assert find_changes(before, summarise_marts(url_of(settings))) == ["daily_user_stats"]


def test_broken_mart_is_red_in_the_run_and_fails_the_command(
    settings: Settings, connection: psycopg.Connection, study: Study
) -> None:
    land_events(url_of(settings), make_events(3))
    assert run_pipeline(settings, as_of=AS_OF).held
    # A fact no dbt test looks at and a reconciliation does: a mart that counts an event too many.
    connection.execute("update marts.study_sessions set event_count = event_count + 1")

    (evaluation,) = run_check("sessions_hold_the_events_of_their_learner")
    assert not evaluation.passed
    assert evaluation.severity is dg.AssetCheckSeverity.ERROR
    assert evaluation.metadata["unexpected_count"].value == 1
    sample: Any = evaluation.metadata["sample"].value
    assert [row.data["right_amount"] - row.data["left_amount"] for row in sample.records] == [1]

    found = study("check")
    assert found.returncode == 1
    assert "sessions_hold_the_events_of_their_learner" in found.stdout
    assert found.stderr == "the marts do not hold: see above, and docs/metrics.md.\n"


def test_poisoned_log_stops_what_would_be_made_of_it(
    settings: Settings, connection: psycopg.Connection
) -> None:
    land_events(url_of(settings), make_events(3))
    connection.execute("update raw.study_events set topic_id = 'ann@example.org'")

    outcome = run_pipeline(settings, as_of=AS_OF)

    assert not outcome.finished
    assert {asset.name.partition(".")[0] for asset in outcome.assets} == {"raw"}
    failed = {check.name for check in outcome.failed_checks}
    assert failed == {"ids_hold_no_email", "log_is_fit_to_be_loaded"}
    assert summarise_marts(url_of(settings)) == {}


def run_check(name: str) -> Sequence[dg.AssetCheckEvaluation]:
    """Run one check on its own, as the UI does."""
    definitions = defs()
    keys = definitions.resolve_asset_graph().asset_check_keys
    selection = dg.AssetSelection.checks(*(key for key in keys if key.name == name))
    job = dg.Definitions(jobs=[dg.define_asset_job("one_check", selection=selection)])
    with dg.DagsterInstance.ephemeral() as instance:
        return (
            dg.Definitions.merge(definitions, job)
            .resolve_job_def("one_check")
            .execute_in_process(instance=instance)
            .get_asset_check_evaluations()
        )


def test_failing_dbt_test_stops_the_run_and_is_named(
    settings: Settings, connection: psycopg.Connection, study: Study
) -> None:
    land_events(url_of(settings), make_events(3))
    # An accepted event is never of an unknown type: only a hole in the landing code could do this.
    connection.execute(
        "update raw.study_events set event_type = 'made_up'"
        " where event_id = (select event_id from raw.study_events order by event_id limit 1)"
    )
    found = study("materialize")
    assert found.returncode == 1
    assert "the run did not hold" in found.stderr
    assert "ERROR raw.study_events source_in_tracking_plan" in found.stdout
    assert "marts.study_sessions" not in found.stdout


def test_selection_builds_no_more_than_was_asked(settings: Settings) -> None:
    outcome = run_pipeline(settings, as_of=AS_OF, select="group:raw")
    assert outcome.held
    built = {asset.name for asset in outcome.assets}
    assert built == {"raw.study_events", "raw.failed_events", "raw.landings"}


def test_selection_of_nothing_is_an_error() -> None:
    definitions = defs()
    for select in ("group:none", "none", 'key:"marts/none"'):
        with pytest.raises(EmptySelectionError):
            select_assets(definitions, select)


def test_run_holds_its_database_alone(settings: Settings, connection: psycopg.Connection) -> None:
    def is_free() -> bool:
        row = connection.execute("select pg_try_advisory_xact_lock(%s)", (PIPELINE_LOCK,))
        return row.fetchone() == (True,)

    with Warehouse().yield_for_execution(dg.build_init_resource_context()) as warehouse:
        assert warehouse.url == settings.given_url
        assert not is_free()
    assert is_free()
