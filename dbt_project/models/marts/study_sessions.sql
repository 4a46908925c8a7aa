with

sessions as (
    select * from {{ ref('int_sessions_owned') }}
),

events as (
    select
        session_id,
        event_type,
        xp_amount,
        occurred_at
    from {{ ref('int_events_placed') }}
    where session_id is not null
),

material_events as (
    select
        session_id,
        event_type,
        material_id,
        chunk
    from {{ ref('int_events_placed') }}
    where session_id is not null and is_material
),

session_starts as (
    select * from {{ ref('int_events_placed') }}
    where session_id is not null and event_type = 'session_start' and device_type is not null
),

session_ends as (
    select * from {{ ref('int_events_placed') }}
    where session_id is not null and event_type = 'session_end'
),

spans as (
    select * from {{ ref('int_spans_measured') }}
),

attempts as (
    select * from {{ ref('question_attempts') }}
    where session_id is not null
),

event_totals as (
    select
        session_id,
        min(occurred_at) as started_at,
        max(occurred_at) as last_event_at,
        count(*) as event_count,
        count(case when event_type = 'session_end' then 1 end) as end_count,
        count(case when event_type = 'session_pause' then 1 end) as pause_count,
        count(case when event_type = 'ai_question_asked' then 1 end) as ai_interactions,
        count(case when event_type = 'achievement_unlocked' then 1 end) as achievements_unlocked,
        cast(coalesce(sum(xp_amount), 0) as bigint) as xp_earned
    from events
    group by session_id
),

material_totals as (
    select
        session_id,
        count(distinct material_id) as materials_viewed,
        count(distinct case when event_type = 'material_complete' then material_id end)
            as materials_completed,
        {{ count_distinct_pairs('material_id', 'chunk', 'chunk is not null') }} as chunks_read
    from material_events
    group by session_id
),

span_totals as (
    select
        session_id,
        sum(active_microseconds) as active_microseconds,
        sum(paused_microseconds) as paused_microseconds,
        count(case when is_after_end then 1 end) as events_after_end_count
    from spans
    group by session_id
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
        sessions.session_id,
        sessions.user_id,

        sessions.timezone,
        first_starts.device_type,
        ended.end_reason,

        {{ seconds('ended.duration_microseconds') }} as duration_seconds,
        {{ seconds('span_totals.active_microseconds') }} as active_seconds,
        {{ seconds('span_totals.paused_microseconds') }} as paused_seconds,
        {{
            seconds(
                '(ended.duration_microseconds'
                ~ ' - span_totals.active_microseconds - span_totals.paused_microseconds)'
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
        span_totals.events_after_end_count,
        last_ends.reported_duration_seconds,
        last_ends.reported_active_seconds,

        ended.end_reason = 'open' as is_active,

        {{ local_date('ended.started_at', 'sessions.timezone') }} as local_date,
        ended.started_at,
        ended.last_event_at,
        case when ended.end_reason != 'open' then ended.last_event_at end as ended_at
    from sessions
    inner join ended on sessions.session_id = ended.session_id
    inner join span_totals on sessions.session_id = span_totals.session_id
    left join material_totals on sessions.session_id = material_totals.session_id
    left join attempt_totals on sessions.session_id = attempt_totals.session_id
    left join first_starts on sessions.session_id = first_starts.session_id
    left join last_ends on sessions.session_id = last_ends.session_id
)

select * from final
