-- A learner's XP are those of the days, and no day's streak is longer than the longest.
with

days as (
    select
        user_id,
        sum(xp_earned) as xp_earned,
        max(streak_days) as longest_streak
    from {{ ref('daily_user_stats') }}
    group by user_id
),

learners as (
    select
        user_id,
        total_xp,
        longest_streak
    from {{ ref('user_gamification') }}
)

select
    days.user_id as learner_of_days,
    learners.user_id as learner_of_gamification,
    days.xp_earned,
    learners.total_xp,
    days.longest_streak as longest_daily_streak,
    learners.longest_streak
from days
full join learners on days.user_id = learners.user_id
where
    coalesce(days.xp_earned, 0) != coalesce(learners.total_xp, 0)
    or days.longest_streak is distinct from learners.longest_streak
