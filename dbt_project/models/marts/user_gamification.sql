{{
    config(
        unique_key=['user_id'],
        meta={'key': ['user_id'], 'logged': ['user_id']}
    )
}}

with

learners as (
    select * from {{ touched(ref('int_learners')) }} as learners
),

days as (
    select
        user_id,
        local_date,
        xp_earned,
        greatest_level,
        last_xp_report_at
    from {{ touched(ref('int_days')) }} as int_days
),

streaks as (
    select * from {{ touched(ref('int_streaks')) }} as streaks
),

achievement_events as (
    select
        user_id,
        achievement_id
    from {{ touched(ref('int_events_placed')) }} as events
    where achievement_id is not null
),

report_events as (
    select
        user_id,
        local_date,
        event_id,
        reported_total_xp,
        occurred_at
    from {{ input(ref('int_events_placed')) }} as events
    where reported_total_xp is not null
),

day_totals as (
    select
        user_id,
        cast(sum(xp_earned) as bigint) as total_xp,
        coalesce(max(greatest_level), 1) as greatest_level
    from days
    group by user_id
),

achievement_totals as (
    select
        user_id,
        {{ json_array_of_distinct('achievement_id') }} as achievements
    from achievement_events
    group by user_id
),

dated_reports as (
    select
        user_id,
        local_date,
        last_xp_report_at,
        max(last_xp_report_at) over (partition by user_id) as reported_at
    from days
    where last_xp_report_at is not null
),

-- Of the reports of one instant the last is the one with the greatest event_id.
ordered_reports as (
    select
        report_events.user_id,
        report_events.reported_total_xp,
        row_number() over (
            partition by report_events.user_id
            order by report_events.event_id desc
        ) as report_number
    from dated_reports
    inner join report_events
        on
            dated_reports.user_id = report_events.user_id
            and dated_reports.local_date = report_events.local_date
            and dated_reports.reported_at = report_events.occurred_at
    where dated_reports.last_xp_report_at = dated_reports.reported_at
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
    from streaks
),

last_days as (
    select * from ordered_days
    where day_number = 1
),

final as (
    select
        learners.user_id,
        day_totals.total_xp,
        -- A keyword, though no reserved one; BI tools know the column by this name.
        day_totals.greatest_level as level,  -- noqa: RF04
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
    from learners
    inner join day_totals on learners.user_id = day_totals.user_id
    left join achievement_totals on learners.user_id = achievement_totals.user_id
    left join last_days on learners.user_id = last_days.user_id
    left join last_reports on learners.user_id = last_reports.user_id
)

select * from final
