-- The core columns of study_sessions and daily_user_stats, by their definitions, from the raw
-- events in Parquet. Written for DuckDB's strengths, not ours: one pass to type and order the
-- events, windows over that.

create or replace temp table typed as
select
    event_id,
    event_type,
    user_id,
    session_id,
    occurred_at,
    material_id,
    question_id,
    topic_id,
    case
        when event_type = 'material_read'
            then coalesce(chunk_id, json_extract_string(properties, '$.chunk_index'))
    end as chunk,
    case
        when event_type = 'session_start' then json_extract_string(properties, '$.timezone')
    end as timezone,
    case
        when event_type in ('question_attempt', 'question_submit')
            then cast(json_extract(properties, '$.is_correct') as boolean)
    end as is_correct,
    case
        when event_type = 'xp_earned'
            then cast(json_extract(properties, '$.xp_amount') as bigint)
    end as xp_amount,
    event_type in (
        'xp_earned', 'level_up', 'achievement_unlocked', 'streak_continued', 'streak_broken'
    ) as is_gamification
from read_parquet($history);

create or replace temp table owned as
select
    session_id,
    arg_min(user_id, (occurred_at, event_id)) as user_id,
    coalesce(
        arg_min(timezone, (occurred_at, event_id)) filter (where timezone is not null), 'UTC'
    ) as timezone
from typed
where session_id is not null
group by session_id;

-- Events without a session take the learner's last timezone named before.
create or replace temp table placed as
select
    typed.* replace (owned.session_id as session_id),
    coalesce(
        owned.timezone,
        last_value(typed.timezone ignore nulls) over (
            partition by typed.user_id
            order by typed.occurred_at, typed.event_id
            rows between unbounded preceding and current row
        ),
        'UTC'
    ) as zone,
    cast(timezone(zone, typed.occurred_at) as date) as local_date
from typed
left join owned on typed.session_id = owned.session_id and typed.user_id = owned.user_id;

create or replace temp table spans as
with followed as (
    select
        event_id,
        user_id,
        session_id,
        event_type,
        zone,
        local_date,
        occurred_at,
        lead(occurred_at) over (
            partition by user_id
            order by occurred_at, event_id
        ) as next_learner_event_at
    from placed
),

in_session as (
    select
        *,
        lead(occurred_at) over so_far as next_at,
        lead(local_date) over so_far as next_date
    from followed
    where session_id is not null
    window so_far as (partition by session_id order by occurred_at, event_id)
)

select
    user_id,
    session_id,
    zone,
    local_date,
    coalesce(next_date, local_date) as ended_date,
    epoch_us(occurred_at) as started,
    epoch_us(coalesce(next_at, occurred_at)) as ended,
    epoch_us(
        case
            when next_at is null or event_type != 'session_pause' then occurred_at
            else next_learner_event_at
        end
    ) as active,
    ended - started > 1800000000 as is_idle
from in_session;

create or replace temp table attempts as
with counted as (
    select
        *,
        count(*) filter (where event_type = 'question_submit') over (
            partition by user_id, session_id, question_id
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) as submits_so_far,
        count(*) filter (where event_type = 'question_submit') over (
            partition by user_id, session_id, question_id
        ) as submits_in_all
    from placed
    where event_type in ('question_attempt', 'question_submit')
)

select
    user_id,
    session_id,
    local_date,
    is_correct
from counted
where
    event_type = 'question_submit'
    or (is_correct is not null and submits_so_far = submits_in_all);
