"""Broken streaks, told once each: at the learner's own midnight that ends the missed day.

A streak of local dates (docs/metrics.md) that ended with day L is broken when day L + 1 is over
without study; `streak_broken` bears the first instant of L + 2 in the timezone of the last study
event of L. Its id follows from learner and day alone, so a second run, or one beside it, or one
days late, finds it told. An event that comes late and fills the missed day takes nothing back: the
log keeps what was said, and the marts count days and believe no claim.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import LiteralString, TypeVar
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row

from ingestion.events.identity import EPOCH, NEARBY, derive_uuid7
from ingestion.gamification.engine import break_streak
from ingestion.gamification.placing import PLACED_EVENTS, RECENT_EVENTS, read_placed, read_zoned
from ingestion.landing.land import land_again
from ingestion.landing.verdict import Status

LOOKBACK = timedelta(days=7)

# Two runs at once would both find a streak untold; one waits here and then finds it told.
_LOCK = 0x5354554459_05
_LEARNERS = 200  # whose histories are read at a time
_BATCH = 1_000
_STORED = (Status.ACCEPTED, Status.DUPLICATE)
# From the last study event to the midnight two dates later, clocks going back included; and a day
# more for the start of its session, which has the timezone.
_WIDEST = timedelta(hours=51 + 24)

# A run of days has ended where the day after its last is no day of study. The first instant of a
# date: where midnight is skipped PostgreSQL reads the instant the clocks change; where it comes
# twice it reads the second, so it is walked to from six hours before.
_ENDS: LiteralString = """
days as (
    select
        user_id,
        local_date,
        (array_agg(timezone order by occurred_at desc, event_id desc))[1] as timezone
    from placed_events
    where not is_gamification
    group by user_id, local_date
),

numbered_days as (
    select
        *,
        lead(local_date) over (partition by user_id order by local_date) as next_date,
        local_date - (row_number() over (partition by user_id order by local_date))::integer as run
    from days
),

runs as (
    select
        *,
        row_number() over (partition by user_id, run order by local_date) as streak_days,
        (local_date + 2)::timestamp as midnight
    from numbered_days
),

ends as (
    select
        runs.*,
        case
            when (walked.at at time zone timezone)::date = local_date + 2
                then least(walked.at, as_read.at)
            else as_read.at
        end as broken_at
    from runs
    cross join lateral (select midnight at time zone timezone as at) as as_read
    cross join lateral (select as_read.at - interval '6 hours' as at) as evening
    cross join lateral (
        select evening.at + (midnight - (evening.at at time zone timezone)) as at
    ) as walked
    where next_date is null or next_date > local_date + 1
),

told as materialized (
    select user_id, occurred_at
    from events
    where event_type = 'streak_broken'
)
"""

# By whomever, for an app may count streaks itself, and in whatever timezone was known then: less
# apart than the midnights of any two days.
_APART: LiteralString = "interval '20 hours'"
_IS_TOLD: LiteralString = f"""
exists (
    select
    from told
    where
        told.user_id = ends.user_id
        and told.occurred_at > ends.broken_at - {_APART}
        and told.occurred_at < ends.broken_at + {_APART}
)
"""  # noqa: S608 (constants only)

_FIND: LiteralString = f"""
with
{RECENT_EVENTS},
{_ENDS}

select distinct user_id::text as user_id
from ends
where
    broken_at > %(after)s
    and broken_at <= %(as_of)s
    and not {_IS_TOLD}
order by user_id
"""  # noqa: S608 (constants only)

_READ: LiteralString = f"""
with
{PLACED_EVENTS},
{_ENDS}

select
    user_id::text as user_id,
    local_date,
    broken_at,
    streak_days
from ends
where
    broken_at > %(after)s
    and broken_at <= %(as_of)s
    and not {_IS_TOLD}
order by broken_at, user_id
"""  # noqa: S608 (constants only)

_Item = TypeVar("_Item")

_TOLD = "select event_id from raw.study_events where event_id = any(%s)"


_TWICE: LiteralString = f"""
with

told as (
    select
        user_id,
        occurred_at,
        lag(occurred_at) over (partition by user_id order by occurred_at, event_id) as told_before
    from raw.study_events
    where event_type = 'streak_broken' and event_id >= %(first_id)s
)

select user_id::text as user_id, occurred_at
from told
where occurred_at - told_before < {_APART} and occurred_at > %(after)s
order by occurred_at, user_id
"""  # noqa: S608 (constants only)


class RefusedBreakError(Exception):
    """The landing code would not store a `streak_broken`: nothing was, and the message says why."""


@dataclass(frozen=True, slots=True)
class BrokenStreaks:
    """What a run came to: learners whose histories were read, and streaks told of."""

    learners: int
    told: int


async def tell_broken_streaks(
    connection: AsyncConnection,
    *,
    as_of: datetime,
    received_at: datetime,
    lookback: timedelta = LOOKBACK,
) -> BrokenStreaks:
    """Land a `streak_broken` for each streak broken in the time before `as_of`, in one commit.

    Cost follows the events of that time and the histories of those whose streak broke in it. No
    event is hidden by `as_of`: a run of the past does not tell of a day that was filled since.
    `connection` has no transaction open and the rights of ingestion. Raises RefusedBreakError.
    """
    told = 0
    window = {"as_of": as_of, "after": as_of - lookback}
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        learners = await _find_learners(connection, **window)
        for chosen in _parts(learners, _LEARNERS):
            rows = await read_placed(connection, _READ, window, learners=chosen)
            untold = await _drop_told(connection, [_event(row) for row in rows])
            for batch in _parts(untold, _BATCH):
                await _land(connection, batch, received_at)
                told += len(batch)
    return BrokenStreaks(len(learners), told)


async def find_told_twice(
    connection: AsyncConnection, *, as_of: datetime, lookback: timedelta = LOOKBACK
) -> list[DictRow]:
    """Find what tells a second time of one day's end: `user_id`, `occurred_at`."""
    after = as_of - lookback
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_TWICE, {"after": after, "first_id": _first_id(after - _WIDEST)})
        return await cursor.fetchall()


def break_id(user_id: str, last_day: date) -> UUID:
    """The id of the `streak_broken` for the streak of a learner that ended with a local date.

    It names no timezone: told again in another one, after a late `session_start`, it is the same.
    """
    midnight = datetime.combine(last_day + timedelta(days=2), time(), UTC)
    return derive_uuid7(max(midnight, EPOCH), f"streak_broken {user_id} {last_day}")


async def _find_learners(
    connection: AsyncConnection, *, as_of: datetime, after: datetime
) -> list[str]:
    since = after - _WIDEST
    window = {"since": since, "first_id": _first_id(since), "as_of": as_of, "after": after}
    rows = await read_zoned(connection, _FIND, window)
    return [row["user_id"] for row in rows]


def _first_id(since: datetime) -> UUID:
    """The least id an event of an instant may have: its time may be a day off the event's."""
    return UUID(int=max((since - NEARBY - EPOCH) // timedelta(milliseconds=1), 0) << 80)


async def _drop_told(
    connection: AsyncConnection, events: Sequence[dict[str, object]]
) -> list[dict[str, object]]:
    cursor = await connection.execute(_TOLD, [[UUID(str(each["event_id"])) for each in events]])
    told = {str(event_id) for (event_id,) in await cursor.fetchall()}
    return [each for each in events if each["event_id"] not in told]


async def _land(
    connection: AsyncConnection, events: Sequence[dict[str, object]], received_at: datetime
) -> None:
    report = await land_again(connection, events, received_at=received_at, sent_at=None, context={})
    refused = [each for each in report.results if each.status not in _STORED]
    if refused:
        why = refused[0].why
        raise RefusedBreakError(
            f"{len(refused)} of {len(events)} broken streaks could not be stored, the first"
            f" because {why.message if why else refused[0].status}"
        )


def _event(row: DictRow) -> dict[str, object]:
    return {
        "event_id": str(break_id(row["user_id"], row["local_date"])),
        "user_id": row["user_id"],
        "occurred_at": row["broken_at"].astimezone(UTC).isoformat(),
        **break_streak(row["streak_days"]),
    }


def _parts(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    return (items[first : first + size] for first in range(0, len(items), size))
