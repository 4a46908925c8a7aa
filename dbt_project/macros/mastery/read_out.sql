{#-
    What is known now, of the touched learners. CTEs: `states`, by learner and topic;
    `learner_states`, by learner; `difficulties`, of the model in force.
-#}
{% macro known_states() -%}
states as (
    select * from {{ touched(ref('int_topic_states')) }} as int_topic_states
    where is_last
),

-- What is known of a learner stands with the topic answered last.
last_answers as (
    select
        user_id,
        max(learner_answers) as learner_answers
    from states
    group by user_id
),

learner_states as (
    select
        states.user_id,
        {{ state_columns('learner', 'states') }}
    from states
    inner join last_answers
        on
            states.user_id = last_answers.user_id
            and states.learner_answers = last_answers.learner_answers
),

difficulties as (
    select
        kind,
        subject,
        first_logit
    from {{ frozen_difficulties() }} as frozen
)
{%- endmacro %}


{#-
    What the model says at `at_days` of the rows of `joined`, which have `reference_logit` and the states it
    reads. CTEs to `scored`, with mastery_score, mastery_low and mastery_high.
-#}
{% macro mastery_read_out(answers, of=('learner', 'topic')) -%}
foretold as (
    select
        *,
        {{ reference_logit_of('at_days', of) }} as mastery_logit,
        {{ mastery_reach() }} * {{ mastery_spread(answers) }} as reach
    from joined
    {{ computed_once() }}
),

scored as (
    select
        *,
        {{ chance_of('mastery_logit') }} as mastery_score,
        {{ chance_of('mastery_logit - reach') }} as mastery_low,
        {{ chance_of('mastery_logit + reach') }} as mastery_high
    from foretold
    {{ computed_once() }}
)
{%- endmacro %}
