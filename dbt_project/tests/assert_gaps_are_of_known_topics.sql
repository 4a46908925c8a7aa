-- A gap is of a topic its learner has met, was detected after that, and has its score.
with

gaps as (
    select * from {{ ref('knowledge_gaps') }}
),

topics as (
    select * from {{ ref('topic_mastery') }}
)

select
    gaps.user_id,
    gaps.topic_id,
    gaps.first_detected_at,
    topics.first_seen_at
from gaps
left join topics
    on
        gaps.user_id = topics.user_id
        and gaps.topic_id = topics.topic_id
where
    topics.user_id is null
    or gaps.first_detected_at < topics.first_seen_at
    or gaps.resolved_at > topics.last_attempt_at
    or gaps.mastery_score != topics.mastery_score
