"""Broken streaks, told by the app itself: a job of its own, each hour."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import dagster as dg
import psycopg
from pydantic import Field

from ingestion.gamification.breaking import LOOKBACK, find_told_twice, tell_broken_streaks
from orchestration.automation import kind_tags, request
from orchestration.resources import Clock, EventLog
from orchestration.retrying import Step, retrying_lost
from orchestration.translator import OWNER

T = TypeVar("T")

STREAK_BROKEN = dg.AssetKey(["gamification", "streak_broken"])


class StreaksConfig(dg.Config):
    """How far back a run looks."""

    days: int = Field(
        default=LOOKBACK.days,
        ge=1,
        le=366,
        description="Streaks broken in so many days before as_of are told of. More only where no"
        " run was for longer: the cost follows the events of that time.",
    )


@dg.asset(
    key=STREAK_BROKEN,
    group_name="gamification",
    kinds={"postgres"},
    owners=[OWNER],
    deps=[["raw", "study_events"]],
    description="Event `streak_broken` for each streak of study days that ended, told once, at the"
    " learner's own midnight after the missed day. Landed in raw.study_events, of which this is a"
    " part. One row per learner and missed day.",
)
def streak_broken(
    context: dg.AssetExecutionContext, config: StreaksConfig, event_log: EventLog, clock: Clock
) -> dg.MaterializeResult[None]:
    """Tell of the streaks broken by the instant of the run."""
    lookback = timedelta(days=config.days)
    found = _work(
        context,
        event_log,
        lambda connection: tell_broken_streaks(
            connection, as_of=clock.instant, received_at=datetime.now(UTC), lookback=lookback
        ),
    )
    return dg.MaterializeResult(
        metadata={
            "streaks_told": found.told,
            "learners_read": found.learners,
            "as_of": dg.MetadataValue.timestamp(clock.instant),
        }
    )


@dg.asset_check(
    asset=STREAK_BROKEN,
    description="No learner's streak is told to be broken twice for one day, by us or by an app"
    " that counts for itself.",
)
def streaks_are_told_once_a_day(
    context: dg.AssetCheckExecutionContext, event_log: EventLog, clock: Clock
) -> dg.AssetCheckResult:
    """Look at what was told lately."""
    twice = _work(
        context,
        event_log,
        lambda connection: find_told_twice(connection, as_of=clock.instant),
    )
    sample: Any = [f"{row['user_id']} {row['occurred_at'].isoformat()}" for row in twice[:20]]
    return dg.AssetCheckResult(
        passed=not twice,
        metadata={
            "unexpected_count": len(twice),
            **({"sample": dg.MetadataValue.json(sample)} if sample else {}),
        },
    )


streaks_job = dg.define_asset_job(
    "streaks_job",
    selection=dg.AssetSelection.assets(STREAK_BROKEN),
    description="Tells of broken streaks. Twice over the same events: nothing is told again.",
    tags=kind_tags("streaks", timedelta(minutes=30)),
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    job=streaks_job,
    # Midnight comes somewhere each hour. Five minutes later, because what was studied last before
    # it is still on its way: senders wait 30 s for more.
    cron_schedule="5 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each hour, five minutes past it, evaluated at that instant however late.",
)
def streaks_hourly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for one run, keyed by its tick: a tick evaluated twice gives one run."""
    return request(context.scheduled_execution_time, "streaks")


@dg.definitions
def gamification_defs() -> dg.Definitions:
    """What the app tells by itself."""
    return dg.Definitions(
        assets=[streak_broken],
        asset_checks=[streaks_are_told_once_a_day],
        jobs=[streaks_job],
        schedules=[streaks_hourly],
    )


def _work(
    step: Step, event_log: EventLog, work: Callable[[psycopg.AsyncConnection], Awaitable[T]]
) -> T:
    async def connected() -> T:
        async with await psycopg.AsyncConnection.connect(
            event_log.url, autocommit=True
        ) as connection:
            return await work(connection)

    with retrying_lost(step):
        return asyncio.run(connected())
