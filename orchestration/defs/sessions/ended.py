"""Days brought up to date as soon as a session has ended, long before the next hourly load."""

from dataclasses import dataclass
from typing import Any

import dagster as dg
import psycopg
from psycopg import sql

from ingestion.store.database import Role, role_url
from orchestration.automation import KIND_TAG, TRIGGER_TAG
from orchestration.database import open_unmigrated
from orchestration.loads.horizon import read_horizon
from orchestration.loads.model import read_states
from orchestration.settings import read_settings

JOB = "sessions_job"
MART = "daily_user_stats"
_WAITING = (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED)

# The bounds are given as constants: from expressions the planner would not use the index.
_NEWEST = sql.SQL("""
select ingest_xid::text from raw.study_events
where ingest_xid >= {}::xid8 and ingest_xid < {}::xid8 and event_type = 'session_end'
order by ingest_xid desc
limit 1
""")


@dataclass(frozen=True)
class FeedLook:
    """What a look at the change feed found: the transaction of the newest end of a session that no
    load has taken, and the one before which nothing has to be looked at again.
    """

    ended: int | None
    seen_to: int


def look_for_ends(connection: psycopg.Connection[Any], seen_to: int) -> FeedLook | None:
    """Look for ends of sessions that are in no day yet; None where the marts were never built.

    `seen_to` is where the last look ended. Costs an index range of what has landed since.
    """
    state = read_states(connection).get(MART)
    if state is None:
        return None
    horizon = read_horizon(connection)
    start = max(seen_to, state.to_xid)
    if start >= horizon.ended:
        return FeedLook(None, seen_to)
    row = connection.execute(_NEWEST.format(str(start), str(horizon.ended))).fetchone()
    return FeedLook(int(row[0]) if row else None, horizon.ended)


@dg.sensor(
    job_name=JOB,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Has the days of learners computed within a minute of the end of a session.",
)
def session_ended_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Ask for one run where a session has ended since the last one's load."""
    waiting = dg.RunsFilter(job_name=JOB, statuses=list(_WAITING))
    if context.instance.get_runs_count(waiting):
        # It takes all that lands before it begins; should it never, the cursor is where it was.
        return dg.SkipReason("a run waits already")
    with open_unmigrated(read_settings()) as url:
        own = role_url(url, Role.TRANSFORM, application_name="study-session-ended")
        with psycopg.connect(own, autocommit=True) as connection:
            found = look_for_ends(connection, int(context.cursor or 0))
    if found is None:
        return dg.SkipReason("the marts were never built")
    if found.ended is None:
        return dg.SensorResult(skip_reason="no session has ended", cursor=str(found.seen_to))
    tags = {KIND_TAG: "session", TRIGGER_TAG: "session_end"}
    run = dg.RunRequest(run_key=f"session-end-{found.ended}", tags=tags)
    return dg.SensorResult(run_requests=[run], cursor=str(found.seen_to))


@dg.definitions
def session_defs() -> dg.Definitions:
    """The sensor; its job is with the others."""
    return dg.Definitions(sensors=[session_ended_sensor])
