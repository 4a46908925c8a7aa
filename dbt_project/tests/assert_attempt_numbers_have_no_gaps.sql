-- A learner's attempts of a question are numbered 1, 2, ..., n, and only the first is the first.
select
    user_id,
    question_id,
    count(*) as attempt_count,
    min(attempt_number) as lowest_number,
    max(attempt_number) as highest_number
from {{ ref('question_attempts') }}
group by user_id, question_id
having
    min(attempt_number) != 1
    or max(attempt_number) != count(*)
    or count(distinct attempt_number) != count(*)
