{{
    config(
        unique_key=['user_id', 'week_start_date'],
        indexes=[{'columns': ['user_id', 'week_start_date'], 'unique': true}],
        meta={
            'key': ['user_id', 'week_start_date'],
            'logged': ['user_id', 'week_start_date'],
        }
    )
}}

with

days as (
    select * from {{ touched(ref('daily_user_stats')) }} as daily_user_stats
),

-- The days' seconds are floats already; their sums have to be of the microseconds.
measured_days as (
    select
        user_id,
        week_start_date,
        study_microseconds,
        active_microseconds
    from {{ touched(ref('int_days')) }} as int_days
),

topic_days as (
    select
        user_id,
        week_start_date,
        topic_id
    from {{ touched(ref('int_topic_days')) }} as topic_days
    where event_count > 0
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
    from measured_days
    group by user_id, week_start_date
),

topic_totals as (
    select
        user_id,
        week_start_date,
        count(distinct topic_id) as topics_studied
    from topic_days
    group by user_id, week_start_date
),

final as (
    select
        day_totals.*,
        time_totals.study_microseconds,
        time_totals.active_microseconds,
        cast(day_totals.questions_correct as double precision)
        / nullif(day_totals.questions_attempted, 0) as accuracy,
        coalesce(topic_totals.topics_studied, 0) as topics_studied
    from day_totals
    inner join time_totals
        on
            day_totals.user_id = time_totals.user_id
            and day_totals.week_start_date = time_totals.week_start_date
    left join topic_totals
        on
            day_totals.user_id = topic_totals.user_id
            and day_totals.week_start_date = topic_totals.week_start_date
)

select * from final
