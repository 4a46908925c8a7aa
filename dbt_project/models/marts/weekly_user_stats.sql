with

days as (
    select
        *,
        {{ week_start('local_date') }} as week_start_date
    from {{ ref('daily_user_stats') }}
),

-- The days' seconds are floats already; their sums have to be of the microseconds.
covered_days as (
    select
        *,
        {{ week_start('local_date') }} as week_start_date
    from {{ ref('int_days_covered') }}
),

topic_events as (
    select
        user_id,
        topic_id,
        {{ week_start('local_date') }} as week_start_date
    from {{ ref('int_events_placed') }}
    where topic_id is not null and not is_gamification
),

day_totals as (
    select
        user_id,
        week_start_date,
        count(case when streak_days > 0 then 1 end) as days_active,
        cast(sum(session_count) as bigint) as session_count,
        cast(sum(materials_viewed) as bigint) as materials_viewed,
        cast(sum(materials_completed) as bigint) as materials_completed,
        cast(sum(chunks_read) as bigint) as chunks_read,
        cast(sum(questions_attempted) as bigint) as questions_attempted,
        cast(sum(questions_correct) as bigint) as questions_correct,
        cast(sum(ai_interactions) as bigint) as ai_interactions,
        cast(sum(searches) as bigint) as searches,
        cast(sum(xp_earned) as bigint) as xp_earned,
        cast(sum(event_count) as bigint) as event_count
    from days
    group by user_id, week_start_date
),

time_totals as (
    select
        user_id,
        week_start_date,
        cast(sum(study_microseconds) as bigint) as study_microseconds,
        cast(sum(active_microseconds) as bigint) as active_microseconds
    from covered_days
    group by user_id, week_start_date
),

topic_totals as (
    select
        user_id,
        week_start_date,
        count(distinct topic_id) as topics_studied
    from topic_events
    group by user_id, week_start_date
),

weeks as (
    select
        day_totals.*,
        coalesce(time_totals.study_microseconds, 0) as study_microseconds,
        coalesce(time_totals.active_microseconds, 0) as active_microseconds,
        cast(day_totals.questions_correct as double precision)
        / nullif(day_totals.questions_attempted, 0) as accuracy,
        coalesce(topic_totals.topics_studied, 0) as topics_studied
    from day_totals
    left join time_totals
        on
            day_totals.user_id = time_totals.user_id
            and day_totals.week_start_date = time_totals.week_start_date
    left join topic_totals
        on
            day_totals.user_id = topic_totals.user_id
            and day_totals.week_start_date = topic_totals.week_start_date
),

-- The learner's last week with events may not be the calendar week before.
followed as (
    select
        *,
        {{ day_number('week_start_date') }} - 7
        = {{ day_number('lag(week_start_date) over learner_weeks') }} as is_after_a_week,
        lag(accuracy) over learner_weeks as previous_accuracy,
        lag(active_microseconds) over learner_weeks as previous_active_microseconds
    from weeks
    window learner_weeks as (partition by user_id order by week_start_date)
),

final as (
    select
        user_id,
        week_start_date,
        days_active,
        session_count,
        {{ seconds('study_microseconds') }} as study_seconds,
        {{ seconds('active_microseconds') }} as active_seconds,
        materials_viewed,
        materials_completed,
        chunks_read,
        questions_attempted,
        questions_correct,
        accuracy,
        topics_studied,
        ai_interactions,
        searches,
        xp_earned,
        event_count,
        case when is_after_a_week then accuracy - previous_accuracy end as accuracy_change,
        case
            when is_after_a_week
                then {{ seconds('(active_microseconds - previous_active_microseconds)') }}
        end as active_seconds_change
    from followed
)

select * from final
