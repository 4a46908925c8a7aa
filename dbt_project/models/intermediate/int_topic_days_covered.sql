with

spans as (
    select
        user_id,
        topic_id,
        local_date,
        active_at,
        ended_at
    from {{ ref('int_spans_cut') }}
    where topic_id is not null and ended_at > active_at
),

-- As in int_days_covered: what lies before the latest end so far is covered already.
swept as (
    select
        user_id,
        topic_id,
        local_date,
        active_at,
        ended_at,
        max(ended_at) over (
            partition by user_id, topic_id, local_date
            order by active_at
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from spans
),

measured as (
    select
        user_id,
        topic_id,
        local_date,
        {{ microseconds_between('greatest(active_at, covered_until)', 'ended_at') }}
            as new_microseconds
    from swept
),

final as (
    select
        user_id,
        topic_id,
        local_date,
        cast(sum(greatest(new_microseconds, 0)) as bigint) as active_microseconds
    from measured
    group by user_id, topic_id, local_date
)

select * from final
