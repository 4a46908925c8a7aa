with

events as (
    select * from {{ ref('stg_study_events') }}
),

known_timezones as (
    select name from {{ known_timezones() }}
),

-- A name the database cannot compute with would stop every mart; it is left out here, and the
-- test assert_every_timezone_is_known makes it loud.
final as (
    select
        events.event_id,
        events.user_id,
        events.session_id,
        events.occurred_at,
        events.timezone
    from events
    inner join known_timezones on events.timezone = known_timezones.name
)

select * from final
