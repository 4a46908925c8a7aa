{{
    config(
        unique_key=['user_id', 'topic_id'],
        indexes=[{'columns': ['user_id', 'topic_id'], 'unique': true}],
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
        {{ reference_logit_of('at_days') }} as mastery_logit
    from answer_states
),

scored as (
    select
        *,
        {{ chance_of('mastery_logit') }} as mastery_score
    from foretold
),

-- The last answer at which each level was reached, and the last at which it was lost.
marked as (
    select
        *,
        {{ level_marks('mastery_score', 'topic_answers', 'topic_rows') }},
        max(topic_answers) over topic_rows as last_answer
    from scored
    window topic_rows as (partition by user_id, topic_id)
),

final as (
    select
        user_id,
        topic_id,
        {{ state_columns('learner') }},
        {{ state_columns('topic') }},
        {{ held_levels() }}
    from marked
    where topic_answers = last_answer
)

select * from final
