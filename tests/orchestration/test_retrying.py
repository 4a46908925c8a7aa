"""What is tried again, and what is not, in a real run on a real database."""

from collections.abc import Callable
from dataclasses import replace

import dagster as dg
import psycopg
import pytest

from orchestration.defs.quality.checks import refuse_if_lost
from orchestration.resources import Warehouse
from orchestration.retrying import tells_of_lost_connection
from orchestration.settings import Settings
from quality.results import CheckResult
from quality.suites.suite import Severity


def terminate_own(warehouse: Warehouse) -> None:
    """End the session that holds the lock, as a restart of the server would."""
    pid = warehouse.lock.session.info.backend_pid
    with psycopg.connect(warehouse.url, autocommit=True) as owner:
        owner.execute("select pg_terminate_backend(%s, 5000)", (pid,))


def run_failing_once(
    fail: Callable[[Warehouse], None], monkeypatch: pytest.MonkeyPatch
) -> tuple[bool, int]:
    """Run a step that fails at its first attempt; whether the run succeeded, and the attempts."""
    monkeypatch.setattr("orchestration.retrying._FIRST_DELAY_SECONDS", 0.01)
    attempts: list[bool] = []

    @dg.asset
    def step(context: dg.AssetExecutionContext, warehouse: Warehouse) -> None:
        with warehouse.retrying(context):
            attempts.append(warehouse.lock.is_lost())
            if len(attempts) == 1:
                fail(warehouse)

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [step], resources={"warehouse": Warehouse()}, instance=instance, raise_on_error=False
        )
    assert attempts == [False] * len(attempts), "the lock was not taken anew"
    return result.success, len(attempts)


def test_step_that_lost_its_connection_is_tried_again_with_the_lock(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(warehouse: Warehouse) -> None:
        terminate_own(warehouse)
        warehouse.lock.session.execute("select 1")

    assert settings.given_url
    assert run_failing_once(fail, monkeypatch) == (True, 2)


def test_step_that_does_not_say_why_is_tried_again_where_the_session_is_gone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(warehouse: Warehouse) -> None:
        terminate_own(warehouse)
        raise RuntimeError("dbt ended with 2")

    assert settings.given_url
    assert run_failing_once(fail, monkeypatch) == (True, 2)


def test_checks_that_could_not_run_are_tried_again_where_the_session_is_gone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(warehouse: Warehouse) -> None:
        refuse_if_lost(warehouse.lock, [could_not_run])
        terminate_own(warehouse)
        refuse_if_lost(warehouse.lock, [replace(could_not_run, observed={})])
        refuse_if_lost(warehouse.lock, [could_not_run])

    could_not_run = CheckResult(
        suite="study_sessions",
        table="study_sessions",
        check_name="session_id_is_unique",
        column=None,
        severity=Severity.CRITICAL,
        success=False,
        observed={"error": "server closed the connection unexpectedly"},
        unexpected_count=None,
        unexpected_sample=[],
        description="",
    )
    assert settings.given_url
    assert run_failing_once(fail, monkeypatch) == (True, 2)


def test_step_that_fails_by_itself_is_not_tried_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Warehouse) -> None:
        raise RuntimeError("a test of dbt's failed")

    assert settings.given_url
    assert run_failing_once(fail, monkeypatch) == (False, 1)


@pytest.mark.parametrize(
    ("error", "is_lost"),
    [
        (psycopg.OperationalError("server closed the connection unexpectedly"), True),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.CannotConnectNow(), True),
        (psycopg.errors.ConnectionFailure(), True),
        (psycopg.errors.LockNotAvailable(), False),
        (psycopg.errors.DiskFull(), False),
        (psycopg.errors.UniqueViolation(), False),
        (RuntimeError("server closed the connection unexpectedly"), False),
    ],
)
def test_lost_connection_is_told_by_its_code(error: Exception, is_lost: bool) -> None:
    assert tells_of_lost_connection(error) is is_lost
    outer = ValueError("outer")
    outer.__cause__ = error
    assert tells_of_lost_connection(outer) is is_lost
