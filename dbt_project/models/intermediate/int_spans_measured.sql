with

events as (
    select
        event_id,
        user_id,
        session_id,
        event_type,
        -- What the app awards a learner for is no change of what the learner studies.
        case when not is_gamification then topic_id end as topic_id,
        timezone,
        local_date,
        occurred_at
    from {{ ref('int_events_placed') }}
),

-- The learner's next event may be in another session or in none, so events without a session
-- leave only after this step.
followed as (
    select
        *,
        lead(occurred_at) over (
            partition by user_id
            order by occurred_at, event_id
        ) as next_learner_event_at
    from events
),

session_events as (
    select
        *,
        lead(occurred_at) over so_far as next_session_event_at,
        lead(local_date) over so_far as next_session_event_date,
        count(case when event_type = 'session_end' then 1 end) over so_far as ends_so_far,
        count(topic_id) over so_far as topics_so_far
    from followed
    where session_id is not null
    window
        so_far as (
            partition by user_id, session_id
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        )
),

spans as (
    select
        event_id,
        user_id,
        session_id,
        -- Only the event that begins a group names a topic; in the first group none may.
        max(topic_id) over (partition by user_id, session_id, topics_so_far) as topic_id,
        timezone,
        local_date as started_date,
        coalesce(next_session_event_date, local_date) as ended_date,
        occurred_at as started_at,
        coalesce(next_session_event_at, occurred_at) as ended_at,
        -- The last event of a session opens nothing, not even a pause.
        case
            when next_session_event_at is null or event_type != 'session_pause' then occurred_at
            else next_learner_event_at
        end as active_at,
        ends_so_far > case when event_type = 'session_end' then 1 else 0 end as is_after_end
    from session_events
),

measured as (
    select
        *,
        {{ microseconds_between('started_at', 'ended_at') }} as span_microseconds,
        {{ microseconds_between('started_at', 'active_at') }} as paused_microseconds
    from spans
),

final as (
    select
        event_id,
        user_id,
        session_id,
        topic_id,
        started_date,
        ended_date,
        started_at,
        active_at,
        ended_at,
        -- Where the clock went back over midnight, the later date may have begun before the span.
        case
            when ended_date > started_date
                then greatest(started_at, {{ local_midnight('ended_date', 'timezone') }})
        end as midnight_at,
        is_after_end,
        span_microseconds > {{ idle_limit_microseconds() }} as is_idle,
        paused_microseconds,
        case
            when span_microseconds <= {{ idle_limit_microseconds() }}
                then span_microseconds - paused_microseconds
            else 0
        end as active_microseconds
    from measured
)

select * from final
