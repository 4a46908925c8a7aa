-- An attempt that names a topic counts for its learner and topic, and right answers stay right.
with

attempts as (
    select
        user_id,
        topic_id,
        count(*) as questions_attempted,
        count(case when is_correct then 1 end) as questions_correct
    from {{ ref('question_attempts') }}
    where topic_id is not null
    group by user_id, topic_id
),

topics as (
    select
        user_id,
        topic_id,
        questions_attempted,
        questions_correct
    from {{ ref('topic_mastery') }}
)

select
    attempts.user_id as learner_of_attempts,
    topics.user_id as learner_of_mastery,
    attempts.topic_id as topic_of_attempts,
    topics.topic_id as topic_of_mastery
from attempts
full join topics
    on
        attempts.user_id = topics.user_id
        and attempts.topic_id = topics.topic_id
where
    coalesce(attempts.questions_attempted, 0) != coalesce(topics.questions_attempted, 0)
    or coalesce(attempts.questions_correct, 0) != coalesce(topics.questions_correct, 0)
