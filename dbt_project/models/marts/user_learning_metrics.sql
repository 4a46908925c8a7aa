{{
    config(
        unique_key=['user_id'],
        meta={
            'key': ['user_id'],
            'logged': ['user_id'],
        }
    )
}}

with

learners as (
    select * from {{ touched(ref('int_learners')) }} as int_learners
),

daily_stats as (
    select * from {{ touched(ref('daily_user_stats')) }} as daily_user_stats
),

sessions as (
    select
        user_id,
        active_seconds
    from {{ touched(ref('study_sessions')) }} as study_sessions
),

session_starts as (
    select
        user_id,
        {{ local_hour('started_at', 'timezone') }} as started_hour
    from {{ touched(ref('study_sessions')) }} as study_sessions
),

topics as (
    select * from {{ touched(ref('topic_mastery')) }} as topic_mastery
),

streaks as (
    select
        user_id,
        current_streak,
        longest_streak
    from {{ touched(ref('user_gamification')) }} as user_gamification
),

-- 0 is today, by the learner's own calendar; what is below lies after the run's instant.
days as (
    select
        daily_stats.*,
        learners.timezone,
        learners.as_of_date,
        learners.first_seen_at,
        learners.last_seen_at,
        {{ microseconds('daily_stats.study_seconds') }} as study_microseconds,
        {{ microseconds('daily_stats.active_seconds') }} as active_microseconds,
        daily_stats.streak_days > 0 as is_active,
        {{ day_number('learners.as_of_date') }} - {{ day_number('daily_stats.local_date') }}
            as days_ago
    from daily_stats
    inner join learners on daily_stats.user_id = learners.user_id
),

day_totals as (
    select
        user_id,
        timezone,
        as_of_date,
        first_seen_at,
        last_seen_at,
        count(case when is_active then 1 end) as days_active,
        cast(sum(session_count) as bigint) as session_count,
        cast(sum(materials_viewed) as bigint) as materials_viewed,
        cast(sum(materials_completed) as bigint) as materials_completed,
        cast(sum(chunks_read) as bigint) as chunks_read,
        cast(sum(questions_attempted) as bigint) as questions_attempted,
        cast(sum(questions_correct) as bigint) as questions_correct,
        cast(sum(ai_interactions) as bigint) as ai_interactions,
        cast(sum(searches) as bigint) as searches,
        cast(sum(xp_earned) as bigint) as xp_earned,
        cast(sum(event_count) as bigint) as event_count,
        cast(sum(study_microseconds) as bigint) as study_microseconds,
        cast(sum(active_microseconds) as bigint) as active_microseconds,
        count(case when is_active and days_ago between 0 and 6 then 1 end) as days_active_7,
        count(case when is_active and days_ago between 7 and 13 then 1 end) as second_week_days,
        count(case when is_active and days_ago between 14 and 20 then 1 end) as third_week_days,
        count(case when is_active and days_ago between 21 and 27 then 1 end) as fourth_week_days,
        count(case when is_active and days_ago between 0 and 89 then 1 end) as days_active_90,
        cast(
            coalesce(sum(case when days_ago between 0 and 27 then active_microseconds end), 0)
            as bigint
        ) as active_microseconds_28,
        cast(
            coalesce(sum(case when days_ago between 0 and 27 then session_count end), 0) as bigint
        ) as session_count_28,
        cast(
            coalesce(sum(case when days_ago between 0 and 27 then questions_attempted end), 0)
            as bigint
        ) as questions_attempted_28,
        sum(case when days_ago between 0 and 27 then questions_correct end)
            as questions_correct_28,
        sum(case when days_ago between 28 and 55 then questions_attempted end)
            as questions_attempted_before,
        sum(case when days_ago between 28 and 55 then questions_correct end)
            as questions_correct_before
    from days
    group by user_id, timezone, as_of_date, first_seen_at, last_seen_at
),

session_totals as (
    select
        user_id,
        {{ median('active_seconds') }} as median_session_seconds
    from sessions
    group by user_id
),

hour_totals as (
    select
        user_id,
        started_hour,
        row_number() over (
            partition by user_id
            order by count(*) desc, started_hour
        ) as hour_number
    from session_starts
    group by user_id, started_hour
),

preferred_hours as (
    select * from hour_totals
    where hour_number = 1
),

-- The mean is taken of decimals: the sum of floats would depend on the order of the rows.
topic_totals as (
    select
        user_id,
        count(*) as topics_studied,
        count(case when mastery_level = 'mastered' then 1 end) as topics_mastered,
        cast(
            avg(case when questions_attempted > 0 then {{ decimal('mastery_score') }} end)
            as double precision
        ) as mean_mastery
    from topics
    group by user_id
),

compared as (
    select
        *,
        days_active_7 + second_week_days + third_week_days + fourth_week_days as days_active_28,
        greatest(days_active_7, second_week_days, third_week_days, fourth_week_days)
            as most_week_days,
        cast(questions_correct_28 as double precision)
        / nullif(questions_attempted_28, 0) as accuracy_28,
        cast(questions_correct_before as double precision)
        / nullif(questions_attempted_before, 0) as accuracy_before
    from day_totals
),

final as (
    select
        compared.user_id,
        compared.timezone,
        compared.days_active,
        compared.session_count,
        {{ seconds('compared.study_microseconds') }} as study_seconds,
        {{ seconds('compared.active_microseconds') }} as active_seconds,
        compared.materials_viewed,
        compared.materials_completed,
        compared.chunks_read,
        compared.questions_attempted,
        compared.questions_correct,
        cast(compared.questions_correct as double precision)
        / nullif(compared.questions_attempted, 0) as accuracy,
        compared.ai_interactions,
        compared.searches,
        compared.xp_earned,
        compared.event_count,
        streaks.current_streak as current_streak_days,
        streaks.longest_streak as longest_streak_days,
        compared.days_active_7,
        compared.days_active_28,
        compared.days_active_90,
        {{ seconds('compared.active_microseconds_28') }} as active_seconds_28,
        compared.questions_attempted_28,
        compared.accuracy_28,
        cast(compared.session_count_28 as double precision) / 4 as sessions_per_week,
        session_totals.median_session_seconds,
        preferred_hours.started_hour as preferred_hour,
        cast(compared.days_active_28 as double precision)
        / nullif(4 * compared.most_week_days, 0) as consistency,
        topic_totals.mean_mastery,
        coalesce(topic_totals.topics_studied, 0) as topics_studied,
        coalesce(topic_totals.topics_mastered, 0) as topics_mastered,
        compared.accuracy_28 - compared.accuracy_before as learning_velocity,
        compared.as_of_date,
        compared.first_seen_at,
        compared.last_seen_at
    from compared
    inner join streaks on compared.user_id = streaks.user_id
    left join session_totals on compared.user_id = session_totals.user_id
    left join preferred_hours on compared.user_id = preferred_hours.user_id
    left join topic_totals on compared.user_id = topic_totals.user_id
)

select * from final
