"""Learners' events on their local days, in SQL: the ground rules of docs/metrics.md.

The same days as the marts have, but read from the log at once and for a few learners only. There is
one difference: that a session belongs to the learner of its first event is not looked up here
(the log has no index on sessions), so where two learners send one `session_id`, each has it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

from psycopg import AsyncConnection
from psycopg.errors import InvalidParameterValue
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

# The events of some learners, and those given that are not stored yet. A session has the timezone
# of its first start that names one, else UTC; an event without session that of the learner's last
# start before it that names one, else UTC. PostgreSQL knows four names also as abbreviations
# without summer time, and takes them for these: they are spelt by a place of the same clocks.
PLACED_EVENTS: LiteralString = """
events as materialized (
    select
        event_id, event_type, user_id, session_id, question_id, topic_id, occurred_at, properties,
        false as is_given
    from raw.study_events
    where user_id = any(%(learners)s::uuid[])
    union all
    select
        event_id, event_type, user_id, session_id, question_id, topic_id, occurred_at,
        coalesce(properties, '{}'), true
    from
        jsonb_to_recordset(%(given)s) as given (
            event_id uuid, event_type text, user_id uuid, session_id uuid, question_id text,
            topic_id text, occurred_at timestamptz, properties jsonb
        )
),

starts as materialized (
    select
        event_id,
        user_id,
        session_id,
        occurred_at,
        case properties ->> 'timezone'
            when 'CET' then 'Europe/Brussels'
            when 'MET' then 'Europe/Brussels'
            when 'EET' then 'Europe/Athens'
            when 'WET' then 'Europe/Lisbon'
            else properties ->> 'timezone'
        end as timezone
    from events
    where
        event_type = 'session_start'
        and properties ->> 'timezone' is not null
        -- Listing the engine's own reads its files each time: only if a name was not among them.
        and (
            %(are_zones_known)s
            or properties ->> 'timezone' in (select name from pg_catalog.pg_timezone_names)
        )
),

session_zones as (
    select distinct on (user_id, session_id)
        user_id,
        session_id,
        timezone
    from starts
    order by user_id, session_id, occurred_at, event_id
),

marks as (
    select event_id, user_id, occurred_at, timezone
    from starts
    union all
    select event_id, user_id, occurred_at, null
    from events
    where session_id is null
),

stretches as (
    select
        *,
        count(timezone) over (partition by user_id order by occurred_at, event_id) as stretch
    from marks
),

loose_zones as (
    select
        event_id,
        max(timezone) over (partition by user_id, stretch) as timezone
    from stretches
),

zoned_events as (
    select
        events.*,
        coalesce(session_zones.timezone, loose_zones.timezone, 'UTC') as timezone
    from events
    left join session_zones
        on
            events.user_id = session_zones.user_id
            and events.session_id = session_zones.session_id
    left join loose_zones on events.session_id is null and events.event_id = loose_zones.event_id
),

placed_events as materialized (
    select
        *,
        (occurred_at at time zone timezone)::date as local_date,
        event_type in (
            'xp_earned', 'level_up', 'achievement_unlocked', 'streak_continued', 'streak_broken'
        ) as is_gamification
    from zoned_events
)
"""


async def read_placed(
    connection: AsyncConnection,
    statement: LiteralString,
    *,
    learners: Sequence[str],
    given: Sequence[Mapping[str, object]] = (),
    **parameters: object,
) -> list[DictRow]:
    """Run a statement that begins with `PLACED_EVENTS`, within the caller's transaction.

    `given` are events in the HTTP shape, complete with id and time, to be read as if stored.
    """
    values: dict[str, Any] = {
        **parameters,
        "learners": list(learners),
        "given": Jsonb([_plain(event) for event in given]),
    }
    async with connection.cursor(row_factory=dict_row) as cursor:
        try:
            async with connection.transaction():
                await cursor.execute(statement, {**values, "are_zones_known": True})
                return await cursor.fetchall()
        except InvalidParameterValue:
            # A timezone that our list has and this server's files lack: it counts as none.
            await cursor.execute(statement, {**values, "are_zones_known": False})
            return await cursor.fetchall()


def _plain(event: Mapping[str, object]) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in event.items()
    }
