-- A timezone the database does not know is read as not named: its learners' days are cut in the
-- wrong place until the server's timezone files are newer. One such name is no reason to build no
-- mart at all, so this comes after the last of them.
-- depends_on: {{ ref('daily_user_stats') }}
with

events as (
    select
        event_id,
        timezone
    from {{ logged_events(ref('stg_study_events'), all=true) }} as staged_events
    where timezone is not null
),

named as (
    select event_id from {{ ref('int_timezones_named') }}
)

select
    events.timezone,
    count(*) as session_start_count
from events
left join named on events.event_id = named.event_id
where named.event_id is null
group by events.timezone
