with

events as (
    select
        user_id,
        xp_amount,
        new_level
    from {{ ref('int_events_placed') }}
),

learners as (
    select
        user_id,
        as_of_date
    from {{ ref('int_learners') }}
),

achievement_events as (
    select
        user_id,
        achievement_id
    from {{ ref('int_events_placed') }}
    where achievement_id is not null
),

report_events as (
    select
        event_id,
        user_id,
        reported_total_xp,
        occurred_at
    from {{ ref('int_events_placed') }}
    where reported_total_xp is not null
),

days as (
    select
        user_id,
        local_date,
        streak_days
    from {{ ref('daily_user_stats') }}
    where streak_days > 0
),

event_totals as (
    select
        user_id,
        cast(coalesce(sum(xp_amount), 0) as bigint) as total_xp,
        coalesce(max(new_level), 1) as greatest_level
    from events
    group by user_id
),

achievement_totals as (
    select
        user_id,
        {{ json_array_of_distinct('achievement_id') }} as achievements
    from achievement_events
    group by user_id
),

ordered_reports as (
    select
        user_id,
        reported_total_xp,
        row_number() over (
            partition by user_id
            order by occurred_at desc, event_id desc
        ) as report_number
    from report_events
),

last_reports as (
    select * from ordered_reports
    where report_number = 1
),

ordered_days as (
    select
        *,
        row_number() over (partition by user_id order by local_date desc) as day_number,
        max(streak_days) over (partition by user_id) as longest_streak
    from days
),

last_days as (
    select * from ordered_days
    where day_number = 1
),

final as (
    select
        event_totals.user_id,
        event_totals.total_xp,
        -- A keyword, though no reserved one; BI tools know the column by this name.
        event_totals.greatest_level as level,  -- noqa: RF04
        case
            when
                {{ day_number('last_days.local_date') }}
                >= {{ day_number('learners.as_of_date') }} - 1
                then last_days.streak_days
            else 0
        end as current_streak,
        coalesce(last_days.longest_streak, 0) as longest_streak,
        coalesce(achievement_totals.achievements, {{ empty_json_array() }}) as achievements,
        last_reports.reported_total_xp
    from event_totals
    inner join learners on event_totals.user_id = learners.user_id
    left join achievement_totals on event_totals.user_id = achievement_totals.user_id
    left join last_days on event_totals.user_id = last_days.user_id
    left join last_reports on event_totals.user_id = last_reports.user_id
)

select * from final
