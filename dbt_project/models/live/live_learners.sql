{{ config(alias='learners_touched') }}

-- Learners whose stored rows are no longer what the next load will store.

with

tail_events as (
    select
        user_id,
        claim_id
    from {{ ref('stg_study_events') }}
    where ingest_xid >= {{ live_watermark() }}
),

-- Read once more: what is read twice PostgreSQL keeps whole, for all learners.
tail_events_again as (
    select claim_id
    from {{ ref('stg_study_events') }}
    where ingest_xid >= {{ live_watermark() }}
),

session_learners as (
    select
        session_id,
        user_id
    from {{ ref('int_session_learners') }}
),

sessions as (
    select
        user_id,
        is_active,
        last_event_at
    from {{ ref('study_sessions') }}
    where end_reason in ('open', 'timeout')
),

topics as (
    select
        user_id,
        as_of
    from {{ ref('topic_mastery') }}
),

-- An event of another learner can take a session away.
visited as (
    select session_learners.user_id
    from session_learners
    inner join tail_events_again on session_learners.session_id = tail_events_again.claim_id
),

timed_otherwise as (
    select user_id
    from sessions
    where
        is_active
        != ({{ microseconds_between('last_event_at', as_of()) }} < {{ idle_limit_microseconds() }})
),

-- Gaps do not say of which day they are: a run by hand of mastery alone leaves them behind.
scored_yesterday as (
    select user_id from topics
    where
        as_of != {{ as_of_midnight() }}
        or {{ loaded_midnight('knowledge_gaps') }} is distinct from {{ as_of_midnight() }}
),

final as (
    select user_id from tail_events
    union distinct
    select user_id from visited
    union distinct
    select user_id from timed_otherwise
    union distinct
    select user_id from scored_yesterday
)

select * from final
where {{ may_be_seen('user_id') }}
