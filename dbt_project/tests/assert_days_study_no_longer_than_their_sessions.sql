-- Cutting at midnight and counting two tabs once can only shorten. A millisecond for the floats.
with

sessions as (
    select
        user_id,
        sum(duration_seconds) as duration_seconds,
        sum(active_seconds) as active_seconds
    from {{ ref('study_sessions') }}
    group by user_id
),

days as (
    select
        user_id,
        sum(study_seconds) as study_seconds,
        sum(active_seconds) as active_seconds
    from {{ ref('daily_user_stats') }}
    group by user_id
)

select
    days.user_id,
    days.study_seconds,
    days.active_seconds,
    sessions.duration_seconds,
    sessions.active_seconds as session_active_seconds
from days
left join sessions on days.user_id = sessions.user_id
where
    days.study_seconds > coalesce(sessions.duration_seconds, 0) + 0.001
    or days.active_seconds > coalesce(sessions.active_seconds, 0) + 0.001
