with

source as (
    select * from {{ source('raw', 'study_events') }}
),

renamed as (
    select
        -- ids
        event_id,
        user_id,
        session_id,
        -- The session an event claims to be of, else the event itself: what is placed together.
        coalesce(session_id, event_id) as claim_id,
        material_id,
        question_id,
        topic_id,

        -- strings
        event_type,
        case
            when event_type = 'session_start' then {{ json_text('properties', 'timezone') }}
        end as timezone,
        case
            when event_type = 'session_start' then {{ json_text('properties', 'device_type') }}
        end as device_type,
        case
            when event_type = 'material_open' then {{ json_text('properties', 'material_type') }}
        end as material_type,
        case
            when event_type = 'material_read'
                then coalesce(chunk_id, {{ json_text('properties', 'chunk_index') }})
        end as chunk,
        case
            when event_type in ('question_attempt', 'question_submit')
                then {{ json_text('properties', 'selected_answer') }}
        end as selected_answer,
        case
            when event_type in ('question_attempt', 'question_submit')
                then {{ json_text('properties', 'correct_answer') }}
        end as correct_answer,
        case
            when event_type = 'achievement_unlocked'
                then {{ json_text('properties', 'achievement_id') }}
        end as achievement_id,

        -- numerics
        schema_version,
        case
            when event_type = 'material_read'
                then {{ json_decimal('properties', 'time_spent_seconds') }}
        end as reading_seconds,
        case
            when event_type = 'material_read'
                then {{ json_number('properties', 'scroll_depth_percent') }}
        end as scroll_depth_percent,
        case
            when event_type = 'question_view'
                then
                    case {{ json_text('properties', 'difficulty') }}
                        when 'easy' then 0.25
                        when 'medium' then 0.5
                        when 'hard' then 0.75
                        else {{ json_number('properties', 'difficulty') }}
                    end
        end as difficulty,
        case
            when event_type in ('question_attempt', 'question_submit')
                then {{ json_number('properties', 'time_to_answer_seconds') }}
        end as time_to_answer_seconds,
        case
            when event_type in ('question_attempt', 'question_submit')
                then {{ json_integer('properties', 'confidence_level') }}
        end as confidence_level,
        case
            when event_type in ('question_attempt', 'question_submit')
                then {{ json_integer('properties', 'attempt_number') }}
        end as reported_attempt_number,
        case
            when event_type = 'session_end'
                then {{ json_number('properties', 'duration_seconds') }}
        end as reported_duration_seconds,
        case
            when event_type = 'session_end'
                then {{ json_number('properties', 'active_seconds') }}
        end as reported_active_seconds,
        case
            when event_type = 'xp_earned' then {{ json_integer('properties', 'xp_amount') }}
        end as xp_amount,
        case
            when event_type = 'xp_earned' then {{ json_integer('properties', 'new_total_xp') }}
        end as reported_total_xp,
        case
            when event_type = 'level_up' then {{ json_integer('properties', 'new_level') }}
        end as new_level,

        -- booleans
        case
            when event_type in ('question_attempt', 'question_submit')
                then {{ json_boolean('properties', 'is_correct') }}
        end as is_correct,
        case
            when event_type in ('question_attempt', 'question_submit')
                then {{ json_boolean('properties', 'hint_used') }}
        end as is_hint_reported,
        case
            when event_type in ('question_attempt', 'question_submit')
                then {{ json_boolean('properties', 'is_first_attempt') }}
        end as reported_is_first_attempt,

        -- times
        occurred_at,
        received_at,

        -- the transaction that landed it
        ingest_xid

    from source
)

select * from renamed
