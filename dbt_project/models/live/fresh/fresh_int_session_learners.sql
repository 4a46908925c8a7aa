-- The one model with an SQL of its own here: whose a session is depends on all of its learners, so
-- the table's SQL would be computed for every session there is. This asks session by session.

with

events as (
    select
        session_id,
        user_id,
        event_id,
        occurred_at
    from {{ ref('stg_study_events') }}
    where session_id is not null
),

learners as (
    select
        session_id,
        user_id,
        min(occurred_at) as first_occurred_at,
        {{ earliest('event_id', 'event_id is not null') }} as first_event_id
    from events
    group by session_id, user_id
),

final as (
    select
        learners.session_id,
        learners.user_id,
        coalesce(
            (
                select {{ earliest('timezone', 'timezone is not null') }}
                from {{ ref('fresh_int_timezones_named') }} as timezones
                where
                    learners.session_id = timezones.claim_id
                    and learners.user_id = timezones.user_id
            ),
            'UTC'
        ) as timezone,
        (
            select count(*)
            from {{ ref('stg_study_events') }} as others
            where
                learners.session_id = others.claim_id
                and learners.user_id != others.user_id
                and others.session_id is not null
                and others.occurred_at <= learners.first_occurred_at
                and (others.occurred_at, others.event_id)
                < (learners.first_occurred_at, learners.first_event_id)
        ) = 0 as is_owner
    from learners
)

select * from final
