-- An attempt counts on exactly one day, and right answers stay right.
with

attempts as (
    select
        user_id,
        count(*) as questions_attempted,
        count(case when is_correct then 1 end) as questions_correct
    from {{ ref('question_attempts') }}
    group by user_id
),

days as (
    select
        user_id,
        sum(questions_attempted) as questions_attempted,
        sum(questions_correct) as questions_correct
    from {{ ref('daily_user_stats') }}
    group by user_id
)

select
    days.user_id,
    attempts.questions_attempted,
    attempts.questions_correct,
    days.questions_attempted as daily_attempted,
    days.questions_correct as daily_correct
from days
left join attempts on days.user_id = attempts.user_id
where
    days.questions_attempted != coalesce(attempts.questions_attempted, 0)
    or days.questions_correct != coalesce(attempts.questions_correct, 0)
