with

events as (
    select
        user_id,
        local_date,
        event_type,
        xp_amount,
        is_gamification
    from {{ ref('int_events_placed') }}
),

material_events as (
    select
        user_id,
        local_date,
        event_type,
        material_id,
        chunk
    from {{ ref('int_events_placed') }}
    where is_material
),

topic_events as (
    select
        user_id,
        local_date,
        topic_id
    from {{ ref('int_events_placed') }}
    where topic_id is not null and not is_gamification
),

covered_days as (
    select * from {{ ref('int_days_covered') }}
),

sessions as (
    select * from {{ ref('study_sessions') }}
),

attempts as (
    select * from {{ ref('question_attempts') }}
),

days as (
    select
        user_id,
        local_date,
        count(*) as event_count,
        count(case when event_type = 'ai_question_asked' then 1 end) as ai_interactions,
        count(case when event_type = 'search_performed' then 1 end) as searches,
        cast(coalesce(sum(xp_amount), 0) as bigint) as xp_earned,
        bool_or(not is_gamification) as is_study_day
    from events
    group by user_id, local_date
),

material_totals as (
    select
        user_id,
        local_date,
        count(distinct material_id) as materials_viewed,
        count(distinct case when event_type = 'material_complete' then material_id end)
            as materials_completed,
        {{ count_distinct_pairs('material_id', 'chunk', 'chunk is not null') }} as chunks_read
    from material_events
    group by user_id, local_date
),

topic_totals as (
    select
        user_id,
        local_date,
        count(distinct topic_id) as topics_studied
    from topic_events
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

-- Within one unbroken run, the date and the count of study days grow together.
numbered_days as (
    select
        *,
        {{ day_number('local_date') }} - row_number() over (
            partition by user_id, is_study_day
            order by local_date
        ) as run_number
    from days
),

streaks as (
    select
        *,
        case
            when is_study_day
                then
                    row_number() over (
                        partition by user_id, is_study_day, run_number
                        order by local_date
                    )
            else 0
        end as streak_days
    from numbered_days
),

final as (
    select
        streaks.user_id,
        streaks.local_date,
        coalesce(session_totals.session_count, 0) as session_count,
        {{ seconds('coalesce(covered_days.study_microseconds, 0)') }} as study_seconds,
        {{ seconds('coalesce(covered_days.active_microseconds, 0)') }} as active_seconds,
        coalesce(material_totals.materials_viewed, 0) as materials_viewed,
        coalesce(material_totals.materials_completed, 0) as materials_completed,
        coalesce(material_totals.chunks_read, 0) as chunks_read,
        coalesce(attempt_totals.questions_attempted, 0) as questions_attempted,
        coalesce(attempt_totals.questions_correct, 0) as questions_correct,
        cast(attempt_totals.questions_correct as double precision)
        / attempt_totals.questions_attempted as accuracy,
        coalesce(topic_totals.topics_studied, 0) as topics_studied,
        streaks.ai_interactions,
        streaks.searches,
        streaks.xp_earned,
        streaks.event_count,
        streaks.streak_days
    from streaks
    left join covered_days
        on
            streaks.user_id = covered_days.user_id
            and streaks.local_date = covered_days.local_date
    left join material_totals
        on
            streaks.user_id = material_totals.user_id
            and streaks.local_date = material_totals.local_date
    left join topic_totals
        on
            streaks.user_id = topic_totals.user_id
            and streaks.local_date = topic_totals.local_date
    left join session_totals
        on
            streaks.user_id = session_totals.user_id
            and streaks.local_date = session_totals.local_date
    left join attempt_totals
        on
            streaks.user_id = attempt_totals.user_id
            and streaks.local_date = attempt_totals.local_date
)

select * from final
