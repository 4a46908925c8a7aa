{{
    config(
        unique_key=['topic_id'],
        meta={
            'key': ['topic_id'],
            'logged': ['topic_id'],
        }
    )
}}

with

learners as (
    select
        topic_id,
        first_seen_at,
        row_number() over (
            partition by topic_id
            order by first_seen_at, user_id
        ) as learner_number
    from {{ touched(ref('topic_mastery')) }} as topics
),

final as (
    select
        topic_id,
        first_seen_at as studied_since
    from learners
    where learner_number = {{ cohort_learners() }}
)

select * from final
