{{
    config(
        unique_key=['user_id', 'topic_id', 'utc_date'],
        indexes=[{'columns': ['user_id', 'topic_id', 'utc_date'], 'unique': true}],
        meta={
            'key': ['user_id'],
            'logged': ['user_id', 'topic_id'],
        }
    )
}}

with

difficulties as (
    select
        -1 as fold,
        kind,
        subject,
        first_logit,
        again_logit
    from {{ frozen_difficulties() }} as frozen
),

-- Answers that subject no topic tell of their learner all the same.
answers as (
    select
        event_id,
        user_id,
        coalesce(topic_id, '') as topic_id,
        question_id,
        attempt_number,
        is_correct,
        hint_used,
        confidence_level,
        attempted_at,
        -1 as fold
    from {{ touched(ref('question_attempts')) }} as attempts
),

{{ answer_states() }},

foretold as (
    select
        *,
        {{ reference_logit_of(none) }} as mastery_logit
    from answer_states
    {{ computed_once(order='user_id, topic_id, attempted_at, event_id') }}
),

scored as (
    select
        *,
        {{ chance_of('mastery_logit') }} as mastery_score
    from foretold
    {{ computed_once(order='user_id, topic_id, attempted_at, event_id') }}
),

-- The last answer so far at which each level was reached, and the last at which it was lost.
marked as (
    select
        *,
        {{ local_date('attempted_at', "'UTC'") }} as utc_date,
        {{ level_marks('mastery_score', 'topic_answers', 'topic_so_far') }},
        lead(attempted_at) over topic_so_far as next_attempt_at
    from scored
    window
        topic_so_far as (
            partition by user_id, topic_id order by attempted_at, event_id
            rows between unbounded preceding and current row
        )
),

-- The last answer of each date is kept.
final as (
    select
        user_id,
        topic_id,
        utc_date,
        attempted_at,
        first_attempt_at,
        next_attempt_at is null as is_last,
        mastery_logit,
        {{ state_columns('learner') }},
        {{ state_columns('topic') }},
        {{ held_levels() }}
    from marked
    where next_attempt_at is null or {{ local_date('next_attempt_at', "'UTC'") }} != utc_date
)

select * from final
