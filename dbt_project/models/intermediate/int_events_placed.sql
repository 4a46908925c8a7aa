with

events as (
    select * from {{ ref('stg_study_events') }}
),

sessions as (
    select * from {{ ref('int_sessions_owned') }}
),

sessionless_events as (
    select * from {{ ref('int_events_located') }}
),

placed as (
    select
        events.event_id,
        events.user_id,
        sessions.session_id,
        events.material_id,
        events.question_id,
        events.topic_id,

        events.event_type,
        coalesce(sessions.timezone, sessionless_events.timezone) as timezone,
        events.device_type,
        events.material_type,
        events.chunk,
        events.selected_answer,
        events.correct_answer,
        events.achievement_id,

        events.reading_seconds,
        events.scroll_depth_percent,
        events.difficulty,
        events.time_to_answer_seconds,
        events.confidence_level,
        events.reported_attempt_number,
        events.reported_duration_seconds,
        events.reported_active_seconds,
        events.xp_amount,
        events.reported_total_xp,
        events.new_level,

        events.event_type in {{ tracking_plan_list('gamification_event_type') }} as is_gamification,
        left(events.event_type, 9) = 'material_' as is_material,
        events.is_correct,
        events.is_hint_reported,
        events.reported_is_first_attempt,

        events.occurred_at
    from events
    left join sessions
        on
            events.session_id = sessions.session_id
            and events.user_id = sessions.user_id
    left join sessionless_events on events.event_id = sessionless_events.event_id
),

final as (
    select
        *,
        {{ local_date('occurred_at', 'timezone') }} as local_date
    from placed
)

select * from final
