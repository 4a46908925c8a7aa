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

studied as (
    select distinct topic_id from {{ touched_groups(ref('topic_mastery')) }} as topics
),

-- By index, topic by topic: a load touches nearly all topics, and to sort all who study them would
-- cost more than the rest.
counted as (
    select
        studied.topic_id,
        (
            select topics.first_seen_at
            from {{ ref('topic_mastery') }} as topics
            where topics.topic_id = studied.topic_id
            order by topics.first_seen_at
            limit 1 offset {{ cohort_learners() | int - 1 }}
        ) as studied_since
    from studied
),

final as (
    select
        topic_id,
        studied_since
    from counted
    where studied_since is not null
)

select * from final
