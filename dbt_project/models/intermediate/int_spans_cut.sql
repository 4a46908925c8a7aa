{{ config(materialized='kept_view') }}

with

-- No condition stands in either half: PostgreSQL then looks touched days up in both by their index,
-- where it would else read every span there is.
pieces as (
    select
        event_id,
        user_id,
        session_id,
        span_topic_id as topic_id,
        local_date,
        occurred_at as started_at,
        least(active_at, midnight_at) as active_at,
        least(span_ended_at, midnight_at) as ended_at,
        midnight_at is not null as is_cut,
        is_idle,
        paused_microseconds,
        active_microseconds
    from {{ input(ref('int_events_placed')) }} as events
    union all
    select
        event_id,
        user_id,
        session_id,
        span_topic_id as topic_id,
        ended_date as local_date,
        midnight_at as started_at,
        greatest(active_at, midnight_at) as active_at,
        span_ended_at as ended_at,
        true as is_cut,
        is_idle,
        paused_microseconds,
        active_microseconds
    from {{ input(ref('int_events_placed')) }} as events
),

-- No span that counts is longer than half an hour, so it sees one midnight at most.
final as (
    select
        event_id,
        user_id,
        session_id,
        topic_id,
        local_date,
        started_at,
        active_at,
        ended_at,
        case
            when is_cut then {{ microseconds_between('started_at', 'ended_at') }}
            else paused_microseconds + active_microseconds
        end as study_microseconds,
        case
            when is_cut then {{ microseconds_between('active_at', 'ended_at') }}
            else active_microseconds
        end as active_microseconds
    from pieces
    where not is_idle and started_at < ended_at
)

select * from final
