"""What runs and their checks tell, on a real instance."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import dagster as dg
import psycopg
import pytest

from orchestration.alerts.runs import watch_runs

faults: set[str] = set()


@dg.asset
def mart() -> None:
    if "mart" in faults:
        raise RuntimeError("broken")


@dg.asset_check(asset=mart, blocking=True)
def holds() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed="holds" not in faults)


@dg.asset_check(asset=mart)
def is_usual() -> dg.AssetCheckResult:
    warning = dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(passed="is_usual" not in faults, severity=warning)


@dg.asset(deps=[mart])
def below() -> None: ...


JOB = dg.Definitions(
    assets=[mart, below],
    asset_checks=[holds, is_usual],
    jobs=[dg.define_asset_job("some_job", executor_def=dg.in_process_executor)],
).resolve_job_def("some_job")


@contextmanager
def fault(name: str) -> Iterator[None]:
    faults.add(name)
    try:
        yield
    finally:
        faults.remove(name)


class Operation:
    def __init__(self, ledger: psycopg.Connection, instance: dg.DagsterInstance) -> None:
        self.ledger, self.instance = ledger, instance

    def run(self) -> str:
        return JOB.execute_in_process(instance=self.instance, raise_on_error=False).run_id

    def watch(self, *, after: timedelta = timedelta(minutes=1)) -> int:
        return watch_runs(self.ledger, self.instance, now=datetime.now(UTC) + after)

    def told(self) -> list[tuple[object, ...]]:
        return self.ledger.execute(
            "select kind, subject, occurrences, closed_at is not null from ops.alerts"
            " order by alert_id"
        ).fetchall()


@pytest.fixture
def operation(ledger: psycopg.Connection, instance: dg.DagsterInstance) -> Operation:
    return Operation(ledger, instance)


def test_failed_run_is_open_until_its_job_succeeds(operation: Operation) -> None:
    with fault("mart"):
        operation.run()
        operation.run()
        assert operation.watch() == 2
    assert operation.told() == [("failed_run", "some_job", 2, False)]
    assert operation.watch() == 0
    operation.run()
    operation.watch()
    assert operation.told() == [("failed_run", "some_job", 2, True)]


def test_run_that_a_check_failed_is_told_by_the_check_alone(operation: Operation) -> None:
    with fault("holds"):
        run_id = operation.run()
        operation.watch()
    found = operation.instance.get_run_by_id(run_id)
    assert found is not None
    assert found.status is dg.DagsterRunStatus.FAILURE
    assert operation.told() == [("failed_check", "mart holds", 1, False)]
    operation.run()
    operation.watch()
    assert operation.told() == [("failed_check", "mart holds", 1, True)]


def test_warning_and_success_alert_nobody(operation: Operation) -> None:
    with fault("is_usual"):
        operation.run()
    operation.run()
    assert operation.watch() == 2
    assert operation.told() == []


def test_run_is_looked_at_once_its_event_is_settled(operation: Operation) -> None:
    with fault("mart"):
        operation.run()
    assert operation.watch(after=timedelta(0)) == 0
    assert operation.watch() == 1


def test_look_that_dies_is_looked_again_and_counts_once(operation: Operation) -> None:
    with fault("mart"):
        operation.run()
    with operation.ledger.transaction():
        assert operation.watch() == 1
        raise psycopg.Rollback
    assert operation.told() == []
    assert operation.watch() == 1
    assert operation.told() == [("failed_run", "some_job", 1, False)]
