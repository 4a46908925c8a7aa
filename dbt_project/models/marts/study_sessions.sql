{{
    config(
        unique_key=['session_id'],
        indexes=[
            {'columns': ['user_id', 'local_date']},
            {'columns': ['last_event_at']},
        ],
        meta={
            'key': ['session_id'],
            'logged': ['session_id', 'user_id', 'local_date'],
            'touched_also': ['sessions_timed_otherwise'],
        }
    )
}}

with

events as (
    select
        session_id,
        user_id,
        timezone,
        event_type,
        xp_amount,
        active_microseconds,
        paused_microseconds,
        is_after_end,
        occurred_at
    from {{ touched(ref('int_events_placed'), {'session_id': 'claim_id'}) }} as events
    where session_id is not null
),

session_starts as (
    select * from {{ touched(ref('int_events_placed'), {'session_id': 'claim_id'}) }} as events
    where session_id is not null and event_type = 'session_start' and device_type is not null
),

session_ends as (
    select * from {{ touched(ref('int_events_placed'), {'session_id': 'claim_id'}) }} as events
    where session_id is not null and event_type = 'session_end'
),

attempts as (
    select
        session_id,
        is_correct
    from {{ touched(ref('question_attempts')) }} as attempts
    where session_id is not null
),

event_totals as (
    select
        session_id,
        user_id,
        timezone,
        min(occurred_at) as started_at,
        max(occurred_at) as last_event_at,
        count(*) as event_count,
        count(case when event_type = 'session_end' then 1 end) as end_count,
        count(case when event_type = 'session_pause' then 1 end) as pause_count,
        count(case when event_type = 'ai_question_asked' then 1 end) as ai_interactions,
        count(case when event_type = 'achievement_unlocked' then 1 end) as achievements_unlocked,
        count(case when is_after_end then 1 end) as events_after_end_count,
        cast(coalesce(sum(xp_amount), 0) as bigint) as xp_earned,
        cast(sum(active_microseconds) as bigint) as active_microseconds,
        cast(sum(paused_microseconds) as bigint) as paused_microseconds
    from events
    group by session_id, user_id, timezone
),

material_totals as (
    {{
        material_totals(
            touched(ref('int_events_placed'), {'session_id': 'claim_id'}), ['session_id']
        )
    }}
),

attempt_totals as (
    select
        session_id,
        count(*) as questions_attempted,
        count(case when is_correct then 1 end) as questions_correct
    from attempts
    group by session_id
),

ordered_starts as (
    select
        session_id,
        device_type,
        row_number() over (
            partition by session_id
            order by occurred_at, event_id
        ) as start_number
    from session_starts
),

first_starts as (
    select * from ordered_starts
    where start_number = 1
),

ordered_ends as (
    select
        session_id,
        reported_duration_seconds,
        reported_active_seconds,
        row_number() over (
            partition by session_id
            order by occurred_at desc, event_id desc
        ) as end_number
    from session_ends
),

last_ends as (
    select * from ordered_ends
    where end_number = 1
),

measured as (
    select
        *,
        {{ microseconds_between('started_at', 'last_event_at') }} as duration_microseconds,
        {{ microseconds_between('last_event_at', as_of()) }} as silent_microseconds
    from event_totals
),

ended as (
    select
        *,
        case
            when end_count > 0 then 'explicit'
            when silent_microseconds >= {{ idle_limit_microseconds() }} then 'timeout'
            else 'open'
        end as end_reason
    from measured
),

final as (
    select
        ended.session_id,
        ended.user_id,

        ended.timezone,
        first_starts.device_type,
        ended.end_reason,

        {{ seconds('ended.duration_microseconds') }} as duration_seconds,
        {{ seconds('ended.active_microseconds') }} as active_seconds,
        {{ seconds('ended.paused_microseconds') }} as paused_seconds,
        {{
            seconds(
                '(ended.duration_microseconds'
                ~ ' - ended.active_microseconds - ended.paused_microseconds)'
            )
        }} as idle_seconds,
        ended.pause_count,
        coalesce(material_totals.materials_viewed, 0) as materials_viewed,
        coalesce(material_totals.materials_completed, 0) as materials_completed,
        coalesce(material_totals.chunks_read, 0) as chunks_read,
        coalesce(attempt_totals.questions_attempted, 0) as questions_attempted,
        coalesce(attempt_totals.questions_correct, 0) as questions_correct,
        ended.ai_interactions,
        ended.xp_earned,
        ended.achievements_unlocked,
        ended.event_count,
        ended.events_after_end_count,
        last_ends.reported_duration_seconds,
        last_ends.reported_active_seconds,

        ended.end_reason = 'open' as is_active,

        {{ local_date('ended.started_at', 'ended.timezone') }} as local_date,
        ended.started_at,
        ended.last_event_at,
        case when ended.end_reason != 'open' then ended.last_event_at end as ended_at
    from ended
    left join material_totals on ended.session_id = material_totals.session_id
    left join attempt_totals on ended.session_id = attempt_totals.session_id
    left join first_starts on ended.session_id = first_starts.session_id
    left join last_ends on ended.session_id = last_ends.session_id
)

select * from final
