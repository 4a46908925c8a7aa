{{
    config(
        unique_key=['topic_id', 'local_date'],
        meta={'key': ['topic_id', 'local_date'], 'logged': ['topic_id', 'local_date']}
    )
}}

with

-- A learner who names a topic or spends time on it has one row a day.
learner_days as (
    select * from {{ touched(ref('int_topic_days')) }} as topic_days
),

attempts as (
    select * from {{ touched(ref('question_attempts')) }} as attempts
    where topic_id is not null
),

topic_days as (
    select
        topic_id,
        local_date,
        count(*) as learners,
        cast(sum(active_microseconds) as bigint) as active_microseconds,
        cast(sum(ai_questions) as bigint) as ai_questions
    from learner_days
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
        {{ seconds('topic_days.active_microseconds') }} as study_seconds,
        coalesce(attempt_totals.questions_attempted, 0) as questions_attempted,
        coalesce(attempt_totals.questions_correct, 0) as questions_correct,
        cast(attempt_totals.questions_correct as double precision)
        / attempt_totals.questions_attempted as accuracy,
        attempt_totals.median_time_to_answer_seconds,
        cast(attempt_totals.hinted_count as double precision)
        / attempt_totals.questions_attempted as hint_rate,
        cast(attempt_totals.first_attempt_correct_count as double precision)
        / nullif(attempt_totals.first_attempt_count, 0) as first_attempt_accuracy,
        topic_days.ai_questions
    from topic_days
    left join attempt_totals
        on
            topic_days.topic_id = attempt_totals.topic_id
            and topic_days.local_date = attempt_totals.local_date
)

select * from final
