"""Accesses as an asset: collected every quarter of an hour, verified, and watched for volume."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import dagster as dg
import psycopg

from ingestion.audit.collecting import collect
from ingestion.audit.verifying import verify, write_anchor
from ingestion.audit.volume import find_unusual
from ingestion.store.database import Role, role_url
from orchestration.automation import kind_tags, request
from orchestration.resources import AuditLog, Clock
from orchestration.retrying import Step, retrying_lost
from orchestration.translator import OWNER

DATA_ACCESS = dg.AssetKey(["audit", "data_access"])

_LAST_DAY = """
select
    login,
    count(*) filter (where source <> 'refused'),
    count(*) filter (where source = 'refused')
from audit.data_access
where occurred_at > %(as_of)s - interval '1 day' and occurred_at <= %(as_of)s
group by login
order by login
"""


@dg.asset(
    key=DATA_ACCESS,
    group_name="audit",
    owners=[OWNER],
    kinds={"postgres"},
    description="Every statement of the BI and audit logins and every read of a learner over the"
    " API, in one chain that only grows. One row per access.",
)
def data_access(
    context: dg.AssetExecutionContext, audit_log: AuditLog, clock: Clock
) -> dg.MaterializeResult[None]:
    """Collect what was logged and requested, and note the end of the chain down outside."""
    with retrying_lost(context):
        told = collect(audit_log.url, audit_log.pseudonyms)
        pruned = audit_log.prune_server_log(clock.instant)
    with _reading(context, audit_log) as connection:
        anchor = write_anchor(connection, audit_log.anchors)
        last_day = connection.execute(_LAST_DAY, {"as_of": clock.instant}).fetchall()
    rows = [
        dg.TableRecord({"login": login, "accesses": accesses, "refused": refused})
        for login, accesses, refused in last_day
    ]
    return dg.MaterializeResult(
        metadata={
            "statements_collected": told.statements,
            "requests_collected": told.requests,
            "log_bytes_read": told.log_bytes,
            "log_files_deleted": pruned,
            **({"chain_ends_with": anchor} if anchor else {}),
            **({"last_24_hours": dg.MetadataValue.table(rows)} if rows else {}),
        }
    )


@dg.asset_check(
    asset=DATA_ACCESS,
    description="The chain is as it was written since its end was last noted down outside of the"
    " database. `study audit verify` goes through all of it.",
)
def chain_is_as_written(
    context: dg.AssetCheckExecutionContext, audit_log: AuditLog
) -> dg.AssetCheckResult:
    """Verify what is new."""
    with _reading(context, audit_log) as connection:
        verified = verify(connection, audit_log.anchors, only_new=True)
    faults = [f"row {fault.access_id} {fault.text}" for fault in verified.faults]
    return _answer(faults, rows=verified.rows)


@dg.asset_check(
    asset=DATA_ACCESS,
    description="No login has read or been refused ten times what it usually is in 24 hours.",
)
def nobody_reads_far_more_than_usual(
    context: dg.AssetCheckExecutionContext, audit_log: AuditLog, clock: Clock
) -> dg.AssetCheckResult:
    """Compare the day before the run's instant with the four weeks before."""
    with _reading(context, audit_log) as connection:
        unusual = find_unusual(connection, as_of=clock.instant)
    return _answer([str(each) for each in unusual], severity=dg.AssetCheckSeverity.WARN)


@dg.asset_check(
    asset=DATA_ACCESS,
    description="PostgreSQL logs every statement of the BI and audit logins, and we may read it.",
)
def every_login_is_logged(
    context: dg.AssetCheckExecutionContext, audit_log: AuditLog
) -> dg.AssetCheckResult:
    """Look at the server's settings."""
    with retrying_lost(context):
        return _answer(audit_log.find_blind_spots())


audit_job = dg.define_asset_job(
    "audit_job",
    selection=dg.AssetSelection.assets(DATA_ACCESS),
    description="Collects who read what. Twice over the same log: nothing is added.",
    tags=kind_tags("audit", timedelta(minutes=30)),
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    job=audit_job,
    cron_schedule="*/15 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every quarter of an hour.",
)
def audit_quarter_hourly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for one run, keyed by its tick: a tick evaluated twice gives one run."""
    return request(context.scheduled_execution_time, "audit")


@dg.definitions
def audit_defs() -> dg.Definitions:
    """The audit of reads."""
    return dg.Definitions(
        assets=[data_access],
        asset_checks=[chain_is_as_written, nobody_reads_far_more_than_usual, every_login_is_logged],
        jobs=[audit_job],
        schedules=[audit_quarter_hourly],
    )


@contextmanager
def _reading(step: Step, audit_log: AuditLog) -> Iterator[psycopg.Connection]:
    own = role_url(audit_log.url, Role.AUDIT, application_name="study-audit")
    with retrying_lost(step), psycopg.connect(own, autocommit=True) as connection:
        yield connection


def _answer(
    found: Sequence[str],
    *,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
    **metadata: Any,
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not found,
        severity=severity,
        metadata={
            **metadata,
            "unexpected_count": len(found),
            **({"sample": dg.MetadataValue.json(list(found[:20]))} if found else {}),
        },
    )
