-- A learner's lifetime is that of the days, whole. A microsecond for the floats.
with

days as (
    select
        user_id,
        sum(session_count) as session_count,
        sum(study_seconds) as study_seconds,
        sum(active_seconds) as active_seconds,
        sum(questions_attempted) as questions_attempted,
        sum(questions_correct) as questions_correct,
        sum(xp_earned) as xp_earned,
        sum(event_count) as event_count
    from {{ ref('daily_user_stats') }}
    group by user_id
),

learners as (
    select * from {{ ref('user_learning_metrics') }}
)

select
    days.user_id as learner_of_days,
    learners.user_id as learner_of_metrics,
    days.event_count,
    learners.event_count as lifetime_event_count
from days
full join learners on days.user_id = learners.user_id
where
    (
        learners.session_count = days.session_count
        and abs(learners.study_seconds - days.study_seconds) < 0.000001
        and abs(learners.active_seconds - days.active_seconds) < 0.000001
        and learners.questions_attempted = days.questions_attempted
        and learners.questions_correct = days.questions_correct
        and learners.xp_earned = days.xp_earned
        and learners.event_count = days.event_count
    ) is not true
