{#-
    What the model says at the midnight of `as_of` of learners and topics. CTEs, from the relation
    `asked` (user_id, topic_id, questions_attempted, and columns of its own that go along): to
    `scored`, with mastery_score, mastery_low, mastery_high and by level whether it is held.
-#}
{% macro mastery_read_out(asked) -%}
states as (
    select * from {{ touched(ref('int_topic_states')) }} as int_topic_states
    where is_last
),

-- What is known of a learner stands with the topic answered last.
placed as (
    select
        *,
        max(learner_answers) over (partition by user_id) as last_answer
    from states
),

learner_states as (
    select
        user_id,
        {{ state_columns('learner') }}
    from placed
    where learner_answers = last_answer
),

difficulties as (
    select
        kind,
        subject,
        first_logit
    from {{ frozen_difficulties() }} as frozen
),

joined as (
    select
        asked.*,
        {{ state_columns('learner', 'learner_states') }},
        {{ state_columns('topic', 'states') }},
        {{ carried_levels('states') }},
        coalesce(
            topic_difficulties.first_logit, overall.first_logit, {{ default_first_logit() }}
        ) as reference_logit,
        {{ days_of(as_of_midnight()) }} as at_days
    from {{ asked }} as asked
    left join learner_states on asked.user_id = learner_states.user_id
    left join states
        on
            asked.user_id = states.user_id
            and asked.topic_id = states.topic_id
    left join difficulties as topic_difficulties
        on topic_difficulties.kind = 'topic' and asked.topic_id = topic_difficulties.subject
    left join difficulties as overall
        on overall.kind = 'all'
),

foretold as (
    select
        *,
        {{ reference_logit_of('at_days') }} as mastery_logit,
        {{ mastery_reach() }} * {{ mastery_spread('questions_attempted') }} as reach
    from joined
),

scored as (
    select
        *,
        {{ chance_of('mastery_logit') }} as mastery_score,
        {{ chance_of('mastery_logit - reach') }} as mastery_low,
        {{ chance_of('mastery_logit + reach') }} as mastery_high
    from foretold
)
{%- endmacro %}
