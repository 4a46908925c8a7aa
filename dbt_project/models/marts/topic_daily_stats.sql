with

events as (
    select
        topic_id,
        local_date,
        user_id,
        event_type
    from {{ ref('int_events_placed') }}
    where topic_id is not null and not is_gamification
),

covered_days as (
    select * from {{ ref('int_topic_days_covered') }}
),

attempts as (
    select * from {{ ref('question_attempts') }}
    where topic_id is not null
),

-- A learner who has events of the topic and time on it is one learner.
learner_days as (
    select
        topic_id,
        local_date,
        user_id
    from events
    union distinct
    select
        topic_id,
        local_date,
        user_id
    from covered_days
),

topic_days as (
    select
        topic_id,
        local_date,
        count(*) as learners
    from learner_days
    group by topic_id, local_date
),

time_totals as (
    select
        topic_id,
        local_date,
        cast(sum(active_microseconds) as bigint) as active_microseconds
    from covered_days
    group by topic_id, local_date
),

question_totals as (
    select
        topic_id,
        local_date,
        count(*) as ai_questions
    from events
    where event_type = 'ai_question_asked'
    group by topic_id, local_date
),

attempt_totals as (
    select
        topic_id,
        local_date,
        count(*) as questions_attempted,
        count(case when is_correct then 1 end) as questions_correct,
        count(case when hint_used then 1 end) as hinted_count,
        count(case when is_first_attempt then 1 end) as first_attempt_count,
        count(case when is_first_attempt and is_correct then 1 end) as first_attempt_correct_count,
        {{ median('time_to_answer_seconds') }} as median_time_to_answer_seconds
    from attempts
    group by topic_id, local_date
),

final as (
    select
        topic_days.topic_id,
        topic_days.local_date,
        topic_days.learners,
        {{ seconds('coalesce(time_totals.active_microseconds, 0)') }} as study_seconds,
        coalesce(attempt_totals.questions_attempted, 0) as questions_attempted,
        coalesce(attempt_totals.questions_correct, 0) as questions_correct,
        cast(attempt_totals.questions_correct as double precision)
        / attempt_totals.questions_attempted as accuracy,
        attempt_totals.median_time_to_answer_seconds,
        cast(attempt_totals.hinted_count as double precision)
        / attempt_totals.questions_attempted as hint_rate,
        cast(attempt_totals.first_attempt_correct_count as double precision)
        / nullif(attempt_totals.first_attempt_count, 0) as first_attempt_accuracy,
        coalesce(question_totals.ai_questions, 0) as ai_questions
    from topic_days
    left join time_totals
        on
            topic_days.topic_id = time_totals.topic_id
            and topic_days.local_date = time_totals.local_date
    left join attempt_totals
        on
            topic_days.topic_id = attempt_totals.topic_id
            and topic_days.local_date = attempt_totals.local_date
    left join question_totals
        on
            topic_days.topic_id = question_totals.topic_id
            and topic_days.local_date = question_totals.local_date
)

select * from final
