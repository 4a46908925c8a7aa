-- No event is lost or counted twice on the way from staging to the days.
with

events as (
    select
        user_id,
        count(*) as event_count
    from {{ logged_events(ref('stg_study_events'), all=true) }} as staged_events
    group by user_id
),

days as (
    select
        user_id,
        sum(event_count) as event_count
    from {{ ref('daily_user_stats') }}
    group by user_id
)

select
    events.user_id as learner_of_events,
    days.user_id as learner_of_days,
    events.event_count as staged_count,
    days.event_count as daily_count
from events
full join days on events.user_id = days.user_id
where coalesce(events.event_count, 0) != coalesce(days.event_count, 0)
