{{
    config(
        unique_key=['user_id', 'local_date'],
        indexes=[
            {'columns': ['user_id', 'local_date'], 'unique': true},
            {'columns': ['user_id', 'week_start_date']},
        ],
        meta={
            'key': ['user_id', 'local_date'],
            'logged': ['user_id', 'local_date', 'week_start_date'],
            'touched_by': {
                'int_events_placed': [
                    'user_id, local_date', 'user_id, ended_date as local_date'
                ]
            },
        }
    )
}}

with

events as (
    select
        user_id,
        local_date,
        event_type,
        xp_amount,
        new_level,
        reported_total_xp,
        is_gamification,
        occurred_at
    from {{ touched(ref('int_events_placed')) }} as events
),

spans as (
    select
        user_id,
        local_date,
        session_id,
        started_at,
        ended_at,
        study_microseconds,
        active_microseconds
    from {{ touched_spans() }} as spans
),

spans_again as (
    select
        user_id,
        local_date,
        started_at,
        active_at,
        ended_at
    from {{ touched_spans() }} as spans
),

days as (
    select
        user_id,
        local_date,
        count(*) as event_count,
        count(case when event_type = 'ai_question_asked' then 1 end) as ai_interactions,
        count(case when event_type = 'search_performed' then 1 end) as searches,
        cast(coalesce(sum(xp_amount), 0) as bigint) as xp_earned,
        max(new_level) as greatest_level,
        bool_or(not is_gamification) as is_study_day,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at,
        max(case when reported_total_xp is not null then occurred_at end) as last_xp_report_at
    from events
    group by user_id, local_date
),

material_totals as (
    {{ material_totals(touched(ref('int_events_placed')), ['user_id', 'local_date']) }}
),

-- Within one session spans never overlap; sessions do where a learner has two tabs open.
session_days as (
    select
        user_id,
        local_date,
        session_id,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        sum(study_microseconds) as study_microseconds,
        sum(active_microseconds) as active_microseconds
    from spans
    group by user_id, local_date, session_id
),

ordered_session_days as (
    select
        *,
        started_at < max(ended_at) over (
            partition by user_id, local_date
            order by started_at
            rows between unbounded preceding and 1 preceding
        ) as is_overlapping
    from session_days
),

added_days as (
    select
        user_id,
        local_date,
        cast(sum(study_microseconds) as bigint) as study_microseconds,
        cast(sum(active_microseconds) as bigint) as active_microseconds,
        bool_or(coalesce(is_overlapping, false)) as has_overlap
    from ordered_session_days
    group by user_id, local_date
),

-- Sweep a day of overlapping sessions from left to right: what lies before the latest end so far is
-- covered already. Whole spans and their active parts begin at different instants, so they are
-- swept apart.
swept as (
    select
        spans_again.user_id,
        spans_again.local_date,
        spans_again.started_at,
        spans_again.active_at,
        spans_again.ended_at,
        max(spans_again.ended_at) over (
            partition by spans_again.user_id, spans_again.local_date
            order by spans_again.started_at
            rows between unbounded preceding and 1 preceding
        ) as study_covered_until,
        max(spans_again.ended_at) over (
            partition by spans_again.user_id, spans_again.local_date
            order by spans_again.active_at
            rows between unbounded preceding and 1 preceding
        ) as active_covered_until
    from spans_again
    inner join added_days
        on
            spans_again.user_id = added_days.user_id
            and spans_again.local_date = added_days.local_date
    where added_days.has_overlap
),

swept_spans as (
    select
        user_id,
        local_date,
        {{ microseconds_between('greatest(started_at, study_covered_until)', 'ended_at') }}
            as new_study_microseconds,
        {{ microseconds_between('greatest(active_at, active_covered_until)', 'ended_at') }}
            as new_active_microseconds
    from swept
),

swept_days as (
    select
        user_id,
        local_date,
        cast(sum(greatest(new_study_microseconds, 0)) as bigint) as study_microseconds,
        cast(sum(greatest(new_active_microseconds, 0)) as bigint) as active_microseconds
    from swept_spans
    group by user_id, local_date
),

final as (
    select
        days.user_id,
        days.local_date,
        {{ week_start('days.local_date') }} as week_start_date,
        days.event_count,
        days.ai_interactions,
        days.searches,
        days.xp_earned,
        days.greatest_level,
        days.is_study_day,
        days.first_event_at,
        days.last_event_at,
        days.last_xp_report_at,
        coalesce(material_totals.materials_viewed, 0) as materials_viewed,
        coalesce(material_totals.materials_completed, 0) as materials_completed,
        coalesce(material_totals.chunks_read, 0) as chunks_read,
        coalesce(swept_days.study_microseconds, added_days.study_microseconds, 0)
            as study_microseconds,
        coalesce(swept_days.active_microseconds, added_days.active_microseconds, 0)
            as active_microseconds,
        coalesce(added_days.has_overlap, false) as has_overlap
    from days
    left join material_totals
        on
            days.user_id = material_totals.user_id
            and days.local_date = material_totals.local_date
    left join added_days
        on
            days.user_id = added_days.user_id
            and days.local_date = added_days.local_date
    left join swept_days
        on
            days.user_id = swept_days.user_id
            and days.local_date = swept_days.local_date
)

select * from final
