-- A submitted answer is never dropped, whatever surrounds it.
with

submits as (
    select
        event_id,
        user_id
    from {{ logged_events(ref('stg_study_events'), all=true) }} as staged_events
    where event_type = 'question_submit'
),

attempts as (
    select event_id from {{ ref('question_attempts') }}
)

select
    submits.event_id,
    submits.user_id
from submits
left join attempts on submits.event_id = attempts.event_id
where attempts.event_id is null
