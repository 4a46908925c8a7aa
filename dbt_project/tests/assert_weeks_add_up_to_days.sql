-- Every day is of the one week that begins on one of the seven dates up to it, and is counted there
-- whole. A microsecond for the floats.
with

days as (
    select * from {{ ref('daily_user_stats') }}
),

weeks as (
    select * from {{ ref('weekly_user_stats') }}
),

-- A day of no week stays, with no week to find its sums in.
added as (
    select
        days.user_id,
        weeks.week_start_date,
        count(*) as day_count,
        sum(days.session_count) as session_count,
        sum(days.study_seconds) as study_seconds,
        sum(days.active_seconds) as active_seconds,
        sum(days.questions_attempted) as questions_attempted,
        sum(days.questions_correct) as questions_correct,
        sum(days.xp_earned) as xp_earned,
        sum(days.event_count) as event_count,
        max(days.topics_studied) as most_topics_studied,
        sum(days.topics_studied) as topics_studied
    from days
    left join weeks
        on
            days.user_id = weeks.user_id
            and {{ day_number('days.local_date') }} - {{ day_number('weeks.week_start_date') }}
            between 0 and 6
    group by days.user_id, weeks.week_start_date
),

compared as (
    select
        added.user_id,
        added.week_start_date,
        added.event_count,
        weeks.event_count as weekly_event_count,
        added.day_count between 1 and 7
        and weeks.days_active <= added.day_count
        and weeks.session_count = added.session_count
        and abs(weeks.study_seconds - added.study_seconds) < 0.000001
        and abs(weeks.active_seconds - added.active_seconds) < 0.000001
        and weeks.questions_attempted = added.questions_attempted
        and weeks.questions_correct = added.questions_correct
        and weeks.xp_earned = added.xp_earned
        and weeks.event_count = added.event_count
        and weeks.topics_studied between added.most_topics_studied and added.topics_studied
            as does_add_up
    from added
    full join weeks
        on
            added.user_id = weeks.user_id
            and added.week_start_date = weeks.week_start_date
)

select
    user_id,
    week_start_date,
    event_count,
    weekly_event_count
from compared
where does_add_up is not true
