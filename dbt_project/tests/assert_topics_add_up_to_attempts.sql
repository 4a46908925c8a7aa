-- An attempt that names a topic counts on exactly one day of it, and right answers stay right.
with

attempts as (
    select
        topic_id,
        count(*) as questions_attempted,
        count(case when is_correct then 1 end) as questions_correct
    from {{ ref('question_attempts') }}
    where topic_id is not null
    group by topic_id
),

topics as (
    select
        topic_id,
        sum(questions_attempted) as questions_attempted,
        sum(questions_correct) as questions_correct
    from {{ ref('topic_daily_stats') }}
    group by topic_id
)

select
    attempts.topic_id as topic_of_attempts,
    topics.topic_id as topic_of_days,
    attempts.questions_attempted,
    attempts.questions_correct,
    topics.questions_attempted as daily_attempted,
    topics.questions_correct as daily_correct
from attempts
full join topics on attempts.topic_id = topics.topic_id
where
    coalesce(attempts.questions_attempted, 0) != coalesce(topics.questions_attempted, 0)
    or coalesce(attempts.questions_correct, 0) != coalesce(topics.questions_correct, 0)
