-- A day's streak is yesterday's and one more, 1 after a gap, or 0 without study.
with

days as (
    select
        user_id,
        local_date,
        streak_days
    from {{ ref('daily_user_stats') }}
),

followed as (
    select
        user_id,
        local_date,
        streak_days,
        lag(local_date) over (partition by user_id order by local_date) as previous_date,
        lag(streak_days) over (partition by user_id order by local_date) as previous_streak_days
    from days
),

expected as (
    select
        user_id,
        local_date,
        streak_days,
        case
            when {{ day_number('local_date') }} - {{ day_number('previous_date') }} = 1
                then previous_streak_days + 1
            else 1
        end as expected_streak_days
    from followed
)

select
    user_id,
    local_date,
    streak_days,
    expected_streak_days
from expected
where streak_days not in (0, expected_streak_days)
