-- What the model reads of every answer before it is given, and whether it was right: for fitting
-- it, and for telling how well it foretells. A view: it is read once a week.

with

difficulties as (
    select * from {{ ref('mastery_fitted_difficulties') }}
),

learners as (
    select
        user_id,
        fold
    from {{ fit_learners() }} as fit_learners
),

attempts as (
    select
        event_id,
        user_id,
        topic_id,
        question_id,
        attempt_number,
        is_correct,
        hint_used,
        confidence_level,
        attempted_at
    from {{ ref('question_attempts') }}
),

answers as (
    select
        attempts.*,
        learners.fold
    from attempts
    inner join learners on attempts.user_id = learners.user_id
),

{{ answer_states() }},

{{ states_before_answers() }},

final as (
    select
        event_id,
        user_id,
        topic_id,
        question_id,
        attempted_at,
        fold,
        is_right,
        {{ feature_columns() }}
    from answers_awaited
)

select * from final
