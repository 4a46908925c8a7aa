{{
    config(
        unique_key=['user_id', 'local_date'],
        indexes=[
            {'columns': ['user_id', 'week_start_date']},
        ],
        meta={
            'key': ['user_id', 'local_date'],
            'logged': ['user_id', 'local_date', 'week_start_date'],
        }
    )
}}

with

days as (
    select * from {{ touched(ref('int_days')) }} as int_days
),

streaks as (
    select * from {{ touched(ref('int_streaks')) }} as streaks
),

topic_days as (
    select
        user_id,
        local_date
    from {{ touched(ref('int_topic_days')) }} as topic_days
    where event_count > 0
),

sessions as (
    select
        user_id,
        local_date
    from {{ touched(ref('study_sessions')) }} as sessions
),

attempts as (
    select
        user_id,
        local_date,
        is_correct
    from {{ touched(ref('question_attempts')) }} as attempts
),

topic_totals as (
    select
        user_id,
        local_date,
        count(*) as topics_studied
    from topic_days
    group by user_id, local_date
),

session_totals as (
    select
        user_id,
        local_date,
        count(*) as session_count
    from sessions
    group by user_id, local_date
),

attempt_totals as (
    select
        user_id,
        local_date,
        count(*) as questions_attempted,
        count(case when is_correct then 1 end) as questions_correct
    from attempts
    group by user_id, local_date
),

final as (
    select
        days.user_id,
        days.local_date,
        days.week_start_date,
        coalesce(session_totals.session_count, 0) as session_count,
        {{ seconds('days.study_microseconds') }} as study_seconds,
        {{ seconds('days.active_microseconds') }} as active_seconds,
        days.materials_viewed,
        days.materials_completed,
        days.chunks_read,
        coalesce(attempt_totals.questions_attempted, 0) as questions_attempted,
        coalesce(attempt_totals.questions_correct, 0) as questions_correct,
        cast(attempt_totals.questions_correct as double precision)
        / attempt_totals.questions_attempted as accuracy,
        coalesce(topic_totals.topics_studied, 0) as topics_studied,
        days.ai_interactions,
        days.searches,
        days.xp_earned,
        days.event_count,
        coalesce(streaks.streak_days, 0) as streak_days
    from days
    left join streaks
        on
            days.user_id = streaks.user_id
            and days.local_date = streaks.local_date
    left join topic_totals
        on
            days.user_id = topic_totals.user_id
            and days.local_date = topic_totals.local_date
    left join session_totals
        on
            days.user_id = session_totals.user_id
            and days.local_date = session_totals.local_date
    left join attempt_totals
        on
            days.user_id = attempt_totals.user_id
            and days.local_date = attempt_totals.local_date
)

select * from final
