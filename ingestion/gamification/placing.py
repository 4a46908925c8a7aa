"""Learners' events on their local days, in SQL: the ground rules of docs/metrics.md.

The same days as the marts have, but read from the log at once and for a few learners only. There is
one difference: that a session belongs to the learner of its first event is not looked up here
(the log has no index on sessions), so where two learners send one `session_id`, each has it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.errors import InvalidParameterValue
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from ingestion.gamification.state import GAMIFICATION

# The timezone that an event names; only a session's start can.
_NAMED: LiteralString = """
case when event_type = 'session_start' then properties ->> 'timezone' end as named_timezone
"""

# The whole history of the learners, and events given that are not stored yet.
_OF_LEARNERS: LiteralString = f"""
select
    event_id, event_type, user_id, session_id, occurred_at, question_id, topic_id, properties,
    false as is_given,
    {_NAMED}
from raw.study_events
where user_id = any(%(learners)s::uuid[])
union all
-- what was earned years ago is not to be earned again
select
    event_id, event_type, user_id, session_id, occurred_at, question_id, topic_id, properties,
    false,
    {_NAMED}
from intermediate.kept_events(%(learners)s::uuid[])
union all
select
    event_id, event_type, user_id, session_id, occurred_at, question_id, topic_id,
    coalesce(properties, '{{}}'),
    true,
    {_NAMED}
from
    jsonb_to_recordset(%(given)s) as given (
        event_id uuid, event_type text, user_id uuid, session_id uuid, occurred_at timestamptz,
        question_id text, topic_id text, properties jsonb
    )
"""  # noqa: S608 (constants only)

# A session has the timezone of its first start that names one, else UTC; an event without session
# that of the learner's last start before it that names one, else UTC. PostgreSQL knows four names
# also as abbreviations without summer time, and takes them for these: they are spelt by a place of
# the same clocks.
_PLACED: LiteralString = """
starts as materialized (
    select
        event_id,
        user_id,
        session_id,
        occurred_at,
        case named_timezone
            when 'CET' then 'Europe/Brussels'
            when 'MET' then 'Europe/Brussels'
            when 'EET' then 'Europe/Athens'
            when 'WET' then 'Europe/Lisbon'
            else named_timezone
        end as timezone
    from events
    where
        named_timezone is not null
        -- Listing the engine's own reads its files each time: only if a name was not among them.
        and (
            %(are_zones_known)s
            or named_timezone in (select name from pg_catalog.pg_timezone_names)
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
        event_type = any(%(gamification)s) as is_gamification
    from zoned_events
)
"""


PLACED_EVENTS: LiteralString = f"""
events as materialized (
    {_OF_LEARNERS}
),
{_PLACED}
"""
"""CTEs up to `placed_events`: those of `learners` and those `given`, each on its local day."""

# Of late, and what says in which timezone that was: a start of a learner whose events have no
# session may be older. Sought no further back than half a year: this is a first look, and only
# somebody who has sent no session since is looked at in the wrong timezone.
RECENT_EVENTS: LiteralString = f"""
recent as materialized (
    select event_id, event_type, user_id, session_id, occurred_at, {_NAMED}
    from raw.study_events
    where event_id >= %(first_id)s and occurred_at >= %(since)s
),

events as materialized (
    select * from recent
    union all
    select older_starts.*
    from (select distinct user_id from recent where session_id is null) as learners
    cross join lateral (
        select event_id, event_type, user_id, session_id, occurred_at, {_NAMED}
        from raw.study_events as older
        where
            older.user_id = learners.user_id
            and older.occurred_at < %(since)s
            and older.occurred_at >= %(since)s - interval '180 days'
            and older.event_type = 'session_start'
            and older.properties ->> 'timezone' is not null
        order by older.occurred_at desc, older.event_id desc
        limit 1
    ) as older_starts
),
{_PLACED}
"""  # noqa: S608 (constants only)
"""The same of what happened since an instant, of all learners."""


async def read_placed(
    connection: AsyncConnection,
    statement: LiteralString,
    parameters: Mapping[str, object],
    *,
    learners: Sequence[str],
    given: Sequence[Mapping[str, object]] = (),
) -> list[DictRow]:
    """Run a statement that begins with `PLACED_EVENTS`, within the caller's transaction.

    `given` are events in the HTTP shape, complete with id and time, to be read as if stored.
    """
    whose = {"learners": list(learners), "given": Jsonb([_plain(event) for event in given])}
    return await read_zoned(connection, statement, {**parameters, **whose})


async def read_zoned(
    connection: AsyncConnection, statement: LiteralString, parameters: Mapping[str, object]
) -> list[DictRow]:
    """Run a statement with any of the CTEs, within the caller's transaction."""
    given = {**parameters, "gamification": list(GAMIFICATION)}
    async with connection.cursor(row_factory=dict_row) as cursor:
        try:
            async with connection.transaction():
                await cursor.execute(statement, {**given, "are_zones_known": True})
                return await cursor.fetchall()
        except InvalidParameterValue:
            # A timezone that our list has and this server's files lack: it counts as none.
            await cursor.execute(statement, {**given, "are_zones_known": False})
            return await cursor.fetchall()


def _plain(event: Mapping[str, object]) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in event.items()
    }
