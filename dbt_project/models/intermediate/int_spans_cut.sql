{{ config(materialized='kept_view') }}

with

spans as (
    select
        *,
        least(active_at, midnight_at) as cut_active_at,
        least(span_ended_at, midnight_at) as cut_ended_at
    from {{ input(ref('int_events_placed')) }} as events
    where not is_idle and span_ended_at > occurred_at
),

spans_over_midnight as (
    select
        *,
        greatest(active_at, midnight_at) as cut_active_at
    from {{ input(ref('int_events_placed')) }} as events
    where not is_idle and midnight_at < span_ended_at
),

-- No span that counts is longer than half an hour, so it sees one midnight at most.
final as (
    select
        event_id,
        user_id,
        session_id,
        span_topic_id as topic_id,
        local_date,
        occurred_at as started_at,
        cut_active_at as active_at,
        cut_ended_at as ended_at,
        case
            when midnight_at is null then paused_microseconds + active_microseconds
            else {{ microseconds_between('occurred_at', 'cut_ended_at') }}
        end as study_microseconds,
        case
            when midnight_at is null then active_microseconds
            else {{ microseconds_between('cut_active_at', 'cut_ended_at') }}
        end as active_microseconds
    from spans
    union all
    select
        event_id,
        user_id,
        session_id,
        span_topic_id as topic_id,
        ended_date as local_date,
        midnight_at as started_at,
        cut_active_at as active_at,
        span_ended_at as ended_at,
        {{ microseconds_between('midnight_at', 'span_ended_at') }} as study_microseconds,
        {{ microseconds_between('cut_active_at', 'span_ended_at') }} as active_microseconds
    from spans_over_midnight
)

select * from final
