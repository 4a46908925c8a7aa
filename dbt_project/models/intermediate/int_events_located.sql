with

events as (
    select
        event_id,
        user_id,
        session_id,
        occurred_at
    from {{ ref('stg_study_events') }}
),

sessions as (
    select * from {{ ref('int_sessions_owned') }}
),

timezones as (
    select * from {{ ref('int_timezones_named') }}
),

sessionless_events as (
    select
        events.event_id,
        events.user_id,
        events.occurred_at,
        cast(null as text) as timezone,
        0 as is_naming
    from events
    left join sessions
        on
            events.session_id = sessions.session_id
            and events.user_id = sessions.user_id
    where sessions.session_id is null
),

-- A session_start in another learner's session stands here twice: as an event in search of its
-- timezone and, after that, as one that names a timezone for those that follow.
marks as (
    select * from sessionless_events
    union all
    select
        event_id,
        user_id,
        occurred_at,
        timezone,
        1 as is_naming
    from timezones
),

counted as (
    select
        event_id,
        user_id,
        timezone,
        is_naming,
        sum(is_naming) over (
            partition by user_id
            order by occurred_at, event_id, is_naming
            rows between unbounded preceding and current row
        ) as named_count
    from marks
),

carried as (
    select
        event_id,
        is_naming,
        max(timezone) over (partition by user_id, named_count) as timezone
    from counted
),

final as (
    select
        event_id,
        coalesce(timezone, 'UTC') as timezone
    from carried
    where is_naming = 0
)

select * from final
