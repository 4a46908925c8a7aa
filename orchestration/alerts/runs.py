"""Failed runs and failed checks, from Dagster's log of events."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import dagster as dg
import psycopg
from dagster import EventLogRecord, RunStatusChangeRecordsFilter

from orchestration.alerts.conditions import AlertKind, Condition, close, note

# An event is numbered before it is there to be read: by then every lower number is there, too.
SETTLED_AFTER = timedelta(seconds=2)
_BATCH = 200

Ending = Literal[dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_FAILURE]
_ENDINGS: Sequence[Ending] = (dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_FAILURE)

_POSITION = "select position from ops.alert_feeds where feed = %s"
_MOVE = """
insert into ops.alert_feeds (feed, position) values (%(feed)s, %(position)s)
on conflict (feed) do update set position = excluded.position
"""


@dataclass(frozen=True)
class EndedRun:
    """A run that has ended: what it was, and what its checks found (`asset.check`: passed)."""

    run_id: str
    job: str
    failed: bool
    ended_at: datetime
    checks: dict[str, bool]


def watch_runs(
    ledger: psycopg.Connection[Any], instance: dg.DagsterInstance, *, now: datetime
) -> int:
    """Write down what the runs that ended since the last look tell; return how many these were.

    `ledger` is a session of `study_dagster` on the database.
    """
    with ledger.transaction():
        records = sorted(
            (record for kind in _ENDINGS for record in _read_on(ledger, instance, kind, now)),
            key=lambda record: record.storage_id,
        )
        for record in records:
            run = read_run(instance, record)
            if run is not None:
                judge(ledger, run)
            feed = record.event_log_entry.get_dagster_event().event_type_value
            ledger.execute(_MOVE, {"feed": feed, "position": record.storage_id})
    return len(records)


def judge(ledger: psycopg.Connection[Any], run: EndedRun) -> None:
    """Open and close the conditions a run tells of."""
    failed = sorted(name for name, passed in run.checks.items() if not passed)
    passed = sorted(name for name, passed in run.checks.items() if passed)
    note(ledger, (_failed_check(name, run) for name in failed), run.ended_at)
    close(ledger, AlertKind.FAILED_CHECK, passed, run.ended_at)
    # A run that a check has failed is told by the check: once, not twice.
    if run.failed and not failed:
        message = f"{run.job} failed (run {run.run_id})"
        condition = Condition(AlertKind.FAILED_RUN, run.job, message, run.run_id)
        note(ledger, [condition], run.ended_at)
    elif not run.failed:
        close(ledger, AlertKind.FAILED_RUN, [run.job], run.ended_at)


def read_run(instance: dg.DagsterInstance, record: EventLogRecord) -> EndedRun | None:
    """The run that an event ended; None where it has been deleted meanwhile."""
    entry = record.event_log_entry
    found = instance.get_run_by_id(entry.run_id)
    if found is None:
        return None
    return EndedRun(
        run_id=entry.run_id,
        job=found.job_name,
        failed=entry.get_dagster_event().is_failure,
        ended_at=datetime.fromtimestamp(entry.timestamp, UTC),
        checks=dict(_evaluations(instance, entry.run_id)),
    )


def _evaluations(instance: dg.DagsterInstance, run_id: str) -> Iterator[tuple[str, bool]]:
    # In the order of the log: of a step that was tried again the last attempt counts.
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
        found = entry.get_dagster_event().asset_check_evaluation_data
        passed = found.passed or found.severity is not dg.AssetCheckSeverity.ERROR
        yield f"{'.'.join(found.asset_key.path)} {found.check_name}", passed


def _failed_check(name: str, run: EndedRun) -> Condition:
    return Condition(AlertKind.FAILED_CHECK, name, f"{name} failed in {run.job}", run.run_id)


def _read_on(
    ledger: psycopg.Connection[Any],
    instance: dg.DagsterInstance,
    kind: Ending,
    now: datetime,
) -> Iterable[EventLogRecord]:
    row = ledger.execute(_POSITION, (kind.value,)).fetchone()
    return instance.fetch_run_status_changes(
        RunStatusChangeRecordsFilter(
            event_type=kind,
            after_storage_id=row[0] if row else 0,
            before_timestamp=(now - SETTLED_AFTER).timestamp(),
        ),
        limit=_BATCH,
        ascending=True,
    ).records
