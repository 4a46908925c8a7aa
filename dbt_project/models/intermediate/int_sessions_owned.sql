with

events as (
    select
        event_id,
        user_id,
        session_id,
        occurred_at
    from {{ ref('stg_study_events') }}
    where session_id is not null
),

timezones as (
    select * from {{ ref('int_timezones_named') }}
),

ordered_events as (
    select
        session_id,
        user_id,
        row_number() over (
            partition by session_id
            order by occurred_at, event_id
        ) as event_number
    from events
),

ordered_timezones as (
    select
        session_id,
        user_id,
        timezone,
        row_number() over (
            partition by session_id, user_id
            order by occurred_at, event_id
        ) as timezone_number
    from timezones
),

owners as (
    select
        session_id,
        user_id
    from ordered_events
    where event_number = 1
),

-- By learner as well: what another learner's event says of this session does not count.
first_timezones as (
    select
        session_id,
        user_id,
        timezone
    from ordered_timezones
    where timezone_number = 1
),

final as (
    select
        owners.session_id,
        owners.user_id,
        coalesce(first_timezones.timezone, 'UTC') as timezone
    from owners
    left join first_timezones
        on
            owners.session_id = first_timezones.session_id
            and owners.user_id = first_timezones.user_id
)

select * from final
