{{
    config(
        unique_key=['user_id', 'topic_id'],
        meta={
            'key': ['user_id'],
            'logged': ['user_id', 'topic_id'],
            'touched_also': ['learners_of_another_midnight'],
        }
    )
}}

with

topic_days as (
    select * from {{ touched(ref('int_topic_days')) }} as topic_days
    where event_count > 0
),

attempts as (
    select
        user_id,
        topic_id,
        is_correct,
        attempted_at
    from {{ touched(ref('question_attempts')) }} as attempts
    where topic_id is not null
),

topics as (
    select
        user_id,
        topic_id,
        cast(sum(event_count) as bigint) as event_count,
        count(*) as days_studied,
        min(first_event_at) as first_seen_at,
        max(last_event_at) as last_seen_at
    from topic_days
    group by user_id, topic_id
),

attempt_totals as (
    select
        user_id,
        topic_id,
        count(*) as questions_attempted,
        count(case when is_correct then 1 end) as questions_correct,
        min(attempted_at) as first_attempt_at,
        max(attempted_at) as last_attempt_at
    from attempts
    group by user_id, topic_id
),

counted as (
    select
        topics.*,
        coalesce(attempt_totals.questions_attempted, 0) as questions_attempted,
        coalesce(attempt_totals.questions_correct, 0) as questions_correct,
        attempt_totals.first_attempt_at,
        attempt_totals.last_attempt_at
    from topics
    left join attempt_totals
        on
            topics.user_id = attempt_totals.user_id
            and topics.topic_id = attempt_totals.topic_id
),

{{ mastery_read_out('counted') }},

final as (
    select
        user_id,
        topic_id,
        event_count,
        days_studied,
        questions_attempted,
        questions_correct,
        cast(questions_correct as double precision)
        / nullif(questions_attempted, 0) as accuracy,
        mastery_score,
        mastery_low,
        mastery_high,
        {{ mastery_level('mastery_score', 'questions_attempted') }} as mastery_level,
        cast({{ mastery_version() }} as text) as model_version,
        first_seen_at,
        last_seen_at,
        first_attempt_at,
        last_attempt_at,
        {{ as_of_midnight() }} as as_of
    from scored
)

select * from final
