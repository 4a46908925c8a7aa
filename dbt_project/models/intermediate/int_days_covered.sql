with

spans as (
    select * from {{ ref('int_spans_cut') }}
),

-- Sweep each day from left to right: what lies before the latest end so far is covered already.
-- Whole spans and their active parts begin at different instants, so they are swept apart.
swept as (
    select
        user_id,
        local_date,
        started_at,
        active_at,
        ended_at,
        max(ended_at) over (
            partition by user_id, local_date
            order by started_at
            rows between unbounded preceding and 1 preceding
        ) as study_covered_until,
        max(ended_at) over (
            partition by user_id, local_date
            order by active_at
            rows between unbounded preceding and 1 preceding
        ) as active_covered_until
    from spans
),

measured as (
    select
        user_id,
        local_date,
        {{ microseconds_between('greatest(started_at, study_covered_until)', 'ended_at') }}
            as new_study_microseconds,
        {{ microseconds_between('greatest(active_at, active_covered_until)', 'ended_at') }}
            as new_active_microseconds
    from swept
),

final as (
    select
        user_id,
        local_date,
        cast(sum(greatest(new_study_microseconds, 0)) as bigint) as study_microseconds,
        cast(sum(greatest(new_active_microseconds, 0)) as bigint) as active_microseconds
    from measured
    group by user_id, local_date
)

select * from final
