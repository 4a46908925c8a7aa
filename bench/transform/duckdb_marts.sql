-- Sessions and days, from the events that duckdb_events.sql has typed and placed.

create or replace table sessions as
with totals as (
    select
        session_id,
        min(occurred_at) as started_at,
        max(occurred_at) as last_event_at,
        count(*) as event_count,
        count(*) filter (where event_type = 'session_end') as end_count,
        count(*) filter (where event_type = 'session_pause') as pause_count,
        count(*) filter (where event_type = 'ai_question_asked') as ai_interactions,
        count(distinct case when left(event_type, 9) = 'material_' then material_id end)
            as materials_viewed,
        count(distinct case when event_type = 'material_complete' then material_id end)
            as materials_completed,
        count(distinct case when chunk is not null then (material_id, chunk) end) as chunks_read,
        coalesce(sum(xp_amount), 0) as xp_earned
    from placed
    where session_id is not null
    group by session_id
),

span_totals as (
    select
        session_id,
        sum(active - started) as paused_microseconds,
        sum(ended - active) filter (where not is_idle) as active_microseconds
    from spans
    group by session_id
),

attempt_totals as (
    select
        session_id,
        count(*) as questions_attempted,
        count(*) filter (where is_correct) as questions_correct
    from attempts
    where session_id is not null
    group by session_id
)

select
    owned.user_id,
    owned.timezone,
    cast(timezone(owned.timezone, totals.started_at) as date) as local_date,
    case
        when totals.end_count > 0 then 'explicit'
        when epoch_us($as_of::timestamptz) - epoch_us(totals.last_event_at) >= 1800000000
            then 'timeout'
        else 'open'
    end as end_reason,
    totals.*,
    coalesce(span_totals.active_microseconds, 0) as active_microseconds,
    span_totals.paused_microseconds,
    coalesce(attempt_totals.questions_attempted, 0) as questions_attempted,
    coalesce(attempt_totals.questions_correct, 0) as questions_correct
from totals
inner join owned on totals.session_id = owned.session_id
inner join span_totals on totals.session_id = span_totals.session_id
left join attempt_totals on totals.session_id = attempt_totals.session_id;

create or replace table days as
with cut as (
    select
        *,
        case
            when ended_date > local_date
                then greatest(started, epoch_us(timezone(zone, cast(ended_date as timestamp))))
        end as midnight
    from spans
    where not is_idle
),

pieces as (
    select
        user_id,
        local_date,
        started,
        least(active, midnight) as active,
        least(ended, midnight) as ended
    from cut
    where ended > started
    union all
    select
        user_id,
        ended_date,
        midnight,
        greatest(active, midnight),
        ended
    from cut
    where ended > midnight
),

swept as (
    select
        user_id,
        local_date,
        started,
        active,
        ended,
        max(ended) over (
            partition by user_id, local_date
            order by started
            rows between unbounded preceding and 1 preceding
        ) as study_until,
        max(ended) over (
            partition by user_id, local_date
            order by active
            rows between unbounded preceding and 1 preceding
        ) as active_until
    from pieces
),

covered as (
    select
        user_id,
        local_date,
        sum(greatest(ended - greatest(started, coalesce(study_until, started)), 0))
            as study_microseconds,
        sum(greatest(ended - greatest(active, coalesce(active_until, active)), 0))
            as active_microseconds
    from swept
    group by user_id, local_date
),

totals as (
    select
        user_id,
        local_date,
        count(*) as event_count,
        count(*) filter (where event_type = 'ai_question_asked') as ai_interactions,
        count(*) filter (where event_type = 'search_performed') as searches,
        coalesce(sum(xp_amount), 0) as xp_earned,
        count(distinct case when left(event_type, 9) = 'material_' then material_id end)
            as materials_viewed,
        count(distinct case when event_type = 'material_complete' then material_id end)
            as materials_completed,
        count(distinct case when chunk is not null then (material_id, chunk) end) as chunks_read,
        count(distinct case when not is_gamification then topic_id end) as topics_studied,
        bool_or(not is_gamification) as is_study_day
    from placed
    group by user_id, local_date
),

numbered as (
    select
        *,
        local_date - date '1970-01-01' - row_number() over (
            partition by user_id, is_study_day
            order by local_date
        ) as run_number
    from totals
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
        count(*) filter (where is_correct) as questions_correct
    from attempts
    group by user_id, local_date
)

select
    numbered.*,
    case
        when is_study_day
            then
                row_number() over (
                    partition by user_id, is_study_day, run_number
                    order by local_date
                )
        else 0
    end as streak_days,
    coalesce(session_totals.session_count, 0) as session_count,
    coalesce(covered.study_microseconds, 0) as study_microseconds,
    coalesce(covered.active_microseconds, 0) as active_microseconds,
    coalesce(attempt_totals.questions_attempted, 0) as questions_attempted,
    coalesce(attempt_totals.questions_correct, 0) as questions_correct
from numbered
left join covered using (user_id, local_date)
left join session_totals using (user_id, local_date)
left join attempt_totals using (user_id, local_date);
