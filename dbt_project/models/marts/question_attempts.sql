{{
    config(
        unique_key=['event_id'],
        indexes=[
            {'columns': ['session_id']},
            {'columns': ['user_id', 'question_id']},
            {'columns': ['user_id', 'local_date']},
            {'columns': ['user_id', 'topic_id']},
            {'columns': ['topic_id', 'local_date']},
        ],
        meta={
            'key': ['user_id', 'question_id'],
            'logged': ['user_id', 'question_id', 'session_id', 'topic_id', 'local_date'],
        }
    )
}}

with

question_events as (
    select
        event_id,
        user_id,
        session_id,
        question_id,
        topic_id,
        event_type,
        selected_answer,
        correct_answer,
        time_to_answer_seconds,
        confidence_level,
        difficulty,
        reported_attempt_number,
        is_correct,
        is_hint_reported,
        reported_is_first_attempt,
        local_date,
        occurred_at
    from {{ touched(ref('int_events_placed')) }} as events
    where
        question_id is not null
        and event_type in (
            'question_view',
            'question_attempt',
            'question_submit',
            'ai_hint_requested',
            'ai_explanation_requested'
        )
),

-- Running counts within one learner, question and session ("no session" is a group as well).
counted as (
    select
        *,
        count(case when event_type = 'question_submit' then 1 end) over so_far as submits_so_far,
        count(case when event_type = 'question_submit' then 1 end) over whole_group
            as submits_in_all,
        count(case when event_type = 'ai_hint_requested' then 1 end) over so_far as hints_so_far,
        count(case when event_type = 'ai_explanation_requested' then 1 end) over so_far
            as explanations_so_far,
        count(case when event_type = 'ai_explanation_requested' then 1 end) over whole_group
            as explanations_in_all,
        cast({{ last_so_far('cast(difficulty as text)', 'so_far') }} as double precision)
            as last_difficulty
    from question_events
    window
        so_far as (
            partition by user_id, question_id, session_id
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        ),
        whole_group as (partition by user_id, question_id, session_id)
),

attempts as (
    select * from counted
    where
        event_type = 'question_submit'
        or (
            event_type = 'question_attempt'
            and is_correct is not null
            and submits_so_far = submits_in_all
        )
),

matched as (
    select
        *,
        coalesce(is_hint_reported, false)
        or hints_so_far > lag(hints_so_far, 1, cast(0 as bigint)) over group_attempts as hint_used,
        lead(explanations_so_far, 1, explanations_in_all) over group_attempts > explanations_so_far
            as explanation_viewed
    from attempts
    window
        group_attempts as (
            partition by user_id, question_id, session_id
            order by occurred_at, event_id
        )
),

numbered as (
    select
        *,
        row_number() over learner_attempts as attempt_number,
        {{ microseconds_between('lag(occurred_at) over learner_attempts', 'occurred_at') }}
            as microseconds_since_last_attempt
    from matched
    window
        learner_attempts as (
            partition by user_id, question_id
            order by occurred_at, event_id
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
        last_difficulty as difficulty,
        reported_attempt_number,
        is_correct,
        attempt_number = 1 as is_first_attempt,
        hint_used,
        explanation_viewed,
        reported_is_first_attempt,
        local_date,
        occurred_at as attempted_at
    from numbered
)

select * from final
