-- A session counts on exactly one day.
with

sessions as (
    select
        user_id,
        count(*) as session_count
    from {{ ref('study_sessions') }}
    group by user_id
),

days as (
    select
        user_id,
        sum(session_count) as session_count
    from {{ ref('daily_user_stats') }}
    group by user_id
)

select
    days.user_id,
    sessions.session_count,
    days.session_count as daily_count
from days
left join sessions on days.user_id = sessions.user_id
where days.session_count != coalesce(sessions.session_count, 0)
