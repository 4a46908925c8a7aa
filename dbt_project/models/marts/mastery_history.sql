{{
    config(
        unique_key=['user_id', 'topic_id', 'utc_date'],
        meta={
            'key': ['user_id', 'topic_id'],
            'logged': ['user_id', 'topic_id'],
        }
    )
}}

with

states as (
    select
        *,
        {{ mastery_reach() }} * {{ mastery_spread('topic_answers') }} as reach
    from {{ touched(ref('int_topic_states')) }} as int_topic_states
    where topic_id != ''
),

scored as (
    select
        *,
        {{ chance_of('mastery_logit') }} as mastery_score,
        {{ chance_of('mastery_logit - reach') }} as mastery_low,
        {{ chance_of('mastery_logit + reach') }} as mastery_high
    from states
),

final as (
    select
        user_id,
        topic_id,
        utc_date,
        attempted_at,
        cast(topic_answers as bigint) as questions_attempted,
        cast(topic_right as bigint) as questions_correct,
        mastery_score,
        mastery_low,
        mastery_high,
        {{ mastery_level('mastery_score', 'topic_answers') }} as mastery_level,
        cast({{ mastery_version() }} as text) as model_version
    from scored
)

select * from final
