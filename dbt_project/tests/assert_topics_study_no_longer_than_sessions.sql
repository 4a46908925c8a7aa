-- A span is spent on one topic or on none, and two tabs on one topic count once: all topics
-- together hold no more time than all sessions. A millisecond for the floats.
with

topics as (
    select sum(study_seconds) as study_seconds
    from {{ ref('topic_daily_stats') }}
),

sessions as (
    select sum(active_seconds) as active_seconds
    from {{ ref('study_sessions') }}
)

select
    topics.study_seconds,
    sessions.active_seconds
from topics
cross join sessions
where topics.study_seconds > sessions.active_seconds + 0.001
