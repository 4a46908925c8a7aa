{{
    config(
        unique_key=['user_id', 'week_start_date'],
        meta={
            'key': ['user_id', 'week_start_date'],
            'logged': ['user_id', 'week_start_date'],
            'touched_by': {
                'int_weeks': [
                    'user_id, week_start_date',
                    'user_id, week_start_date + 7 as week_start_date',
                ]
            },
        }
    )
}}

with

weeks as (
    select
        *,
        {{ add_days('week_start_date', -7) }} as previous_week_start_date
    from {{ touched(ref('int_weeks')) }} as weeks
),

-- The calendar week before, which need not be the learner's last week with events.
previous_weeks as (
    select * from {{ input(ref('int_weeks')) }}
),

final as (
    select
        weeks.user_id,
        weeks.week_start_date,
        weeks.days_active,
        weeks.session_count,
        {{ seconds('weeks.study_microseconds') }} as study_seconds,
        {{ seconds('weeks.active_microseconds') }} as active_seconds,
        weeks.materials_viewed,
        weeks.materials_completed,
        weeks.chunks_read,
        weeks.questions_attempted,
        weeks.questions_correct,
        weeks.accuracy,
        weeks.topics_studied,
        weeks.ai_interactions,
        weeks.searches,
        weeks.xp_earned,
        weeks.event_count,
        weeks.accuracy - previous_weeks.accuracy as accuracy_change,
        {{ seconds('(weeks.active_microseconds - previous_weeks.active_microseconds)') }}
            as active_seconds_change
    from weeks
    left join previous_weeks
        on
            weeks.user_id = previous_weeks.user_id
            and weeks.previous_week_start_date = previous_weeks.week_start_date
)

select * from final
