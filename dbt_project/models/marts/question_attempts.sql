with

attempts as (
    select * from {{ ref('int_attempts_matched') }}
),

numbered as (
    select
        *,
        row_number() over learner_attempts as attempt_number,
        {{ microseconds_between('lag(attempted_at) over learner_attempts', 'attempted_at') }}
            as microseconds_since_last_attempt
    from attempts
    window
        learner_attempts as (
            partition by user_id, question_id
            order by attempted_at, event_id
        )
),

final as (
    select
        event_id,
        user_id,
        session_id,
        question_id,
        topic_id,
        selected_answer,
        correct_answer,
        attempt_number,
        cast(microseconds_since_last_attempt as double precision) / 86400000000
            as days_since_last_attempt,
        time_to_answer_seconds,
        confidence_level,
        difficulty,
        reported_attempt_number,
        is_correct,
        attempt_number = 1 as is_first_attempt,
        hint_used,
        explanation_viewed,
        reported_is_first_attempt,
        local_date,
        attempted_at
    from numbered
)

select * from final
