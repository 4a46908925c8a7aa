{{
    config(
        unique_key=['session_id', 'user_id'],
        indexes=[{'columns': ['session_id', 'user_id'], 'unique': true}, {'columns': ['user_id']}],
        meta={
            'key': ['session_id'],
            'logged': ['session_id', 'user_id'],
            'touched_by': {'int_timezones_named': ['claim_id as session_id']},
            'touched_also': ['new_sessions'],
        }
    )
}}

with

events as (
    select
        session_id,
        user_id,
        occurred_at
    from {{ logged_events(ref('stg_study_events')) }} as events
    where session_id is not null
),

-- The same again: a second reading costs less than keeping the first.
events_again as (
    select
        session_id,
        user_id,
        event_id,
        occurred_at
    from {{ logged_events(ref('stg_study_events')) }} as events
    where session_id is not null
),

timezones as (
    select
        session_id,
        user_id,
        {{ earliest('timezone', 'timezone is not null') }} as timezone
    from {{ touched(ref('int_timezones_named')) }} as timezones
    where session_id is not null
    group by session_id, user_id
),

learners as (
    select
        session_id,
        user_id,
        min(occurred_at) as first_occurred_at
    from events
    group by session_id, user_id
),

counted as (
    select
        *,
        count(*) over (partition by session_id) as learner_count
    from learners
),

-- Hardly any session has two learners. Of those that have, whose event was first may hang on
-- the order of events within one instant.
first_events as (
    select
        counted.session_id,
        counted.user_id,
        {{ earliest('event_id', 'event_id is not null') }} as first_event_id
    from counted
    inner join events_again
        on
            counted.session_id = events_again.session_id
            and counted.user_id = events_again.user_id
    where counted.learner_count > 1 and counted.first_occurred_at = events_again.occurred_at
    group by counted.session_id, counted.user_id
),

ordered as (
    select
        counted.session_id,
        counted.user_id,
        row_number() over (
            partition by counted.session_id
            order by counted.first_occurred_at, first_events.first_event_id
        ) as learner_number
    from counted
    left join first_events
        on
            counted.session_id = first_events.session_id
            and counted.user_id = first_events.user_id
),

final as (
    select
        ordered.session_id,
        ordered.user_id,
        coalesce(timezones.timezone, 'UTC') as timezone,
        ordered.learner_number = 1 as is_owner
    from ordered
    left join timezones
        on
            ordered.session_id = timezones.session_id
            and ordered.user_id = timezones.user_id
)

select * from final
