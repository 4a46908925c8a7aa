{{
    config(
        unique_key=['user_id', 'topic_id'],
        indexes=[{'columns': ['topic_id', 'first_seen_at']}],
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

{{ known_states() }},

joined as (
    select
        topics.*,
        cast(coalesce(states.topic_answers, 0) as bigint) as questions_attempted,
        cast(coalesce(states.topic_right, 0) as bigint) as questions_correct,
        states.first_attempt_at,
        states.attempted_at as last_attempt_at,
        {{ state_columns('learner', 'learner_states') }},
        {{ state_columns('topic', 'states') }},
        {{ carried_levels('states') }},
        coalesce(
            topic_difficulties.first_logit, overall.first_logit, {{ default_first_logit() }}
        ) as reference_logit,
        {{ days_of(as_of_midnight()) }} as at_days
    from topics
    left join learner_states on topics.user_id = learner_states.user_id
    left join states
        on
            topics.user_id = states.user_id
            and topics.topic_id = states.topic_id
    left join difficulties as topic_difficulties
        on topic_difficulties.kind = 'topic' and topics.topic_id = topic_difficulties.subject
    left join difficulties as overall
        on overall.kind = 'all'
),

{{ mastery_read_out('questions_attempted') }},

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
