-- A gap is of a topic its learner has met, with its score, or of one that the cohort studies.
with

gaps as (
    select * from {{ ref('knowledge_gaps') }}
),

topics as (
    select * from {{ ref('topic_mastery') }}
),

cohort_topics as (
    select * from {{ ref('int_cohort_topics') }}
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
left join cohort_topics on gaps.topic_id = cohort_topics.topic_id
where
    (topics.user_id is null and (cohort_topics.topic_id is null or gaps.gap_type != 'unseen'))
    or (cohort_topics.topic_id is null and gaps.first_detected_at < topics.first_seen_at)
    or (
        gaps.first_detected_at < cohort_topics.studied_since
        and gaps.first_detected_at < topics.first_seen_at
    )
    or gaps.resolved_at > topics.last_attempt_at
    or gaps.mastery_score != topics.mastery_score
