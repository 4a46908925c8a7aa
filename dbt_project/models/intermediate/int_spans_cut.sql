with

spans as (
    select * from {{ ref('int_spans_measured') }}
    where not is_idle and ended_at > started_at
),

spans_over_midnight as (
    select * from {{ ref('int_spans_measured') }}
    where not is_idle and ended_at > midnight_at
),

-- No span that counts is longer than half an hour, so it sees one midnight at most.
final as (
    select
        event_id,
        user_id,
        session_id,
        topic_id,
        started_date as local_date,
        started_at,
        least(active_at, midnight_at) as active_at,
        least(ended_at, midnight_at) as ended_at
    from spans
    union all
    select
        event_id,
        user_id,
        session_id,
        topic_id,
        ended_date as local_date,
        midnight_at as started_at,
        greatest(active_at, midnight_at) as active_at,
        ended_at
    from spans_over_midnight
)

select * from final
