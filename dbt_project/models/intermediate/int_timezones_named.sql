{{
    config(
        unique_key=['event_id'],
        indexes=[
            {'columns': ['event_id'], 'unique': true},
            {'columns': ['claim_id']},
            {'columns': ['user_id', 'occurred_at']},
        ],
        meta={
            'key': ['claim_id'],
            'logged': ['claim_id', 'user_id', 'occurred_at'],
            'touched_by': {'int_timezones_known': []},
            'touched_also': ['new_claims'],
        }
    )
}}

with

events as (
    select
        event_id,
        claim_id,
        user_id,
        session_id,
        occurred_at,
        timezone
    from {{ logged_events(ref('stg_study_events')) }} as events
    where event_type = 'session_start'
),

known_timezones as (
    select name from {{ ref('int_timezones_known') }}
),

-- A name the database cannot compute with would stop every mart; it is left out here, and the
-- test assert_every_timezone_is_known makes it loud.
final as (
    select
        events.event_id,
        events.claim_id,
        events.user_id,
        events.session_id,
        events.occurred_at,
        events.timezone
    from events
    inner join known_timezones on events.timezone = known_timezones.name
)

select * from final
