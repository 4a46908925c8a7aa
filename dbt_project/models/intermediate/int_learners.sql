with

events as (
    select
        event_id,
        user_id,
        timezone,
        occurred_at
    from {{ ref('int_events_placed') }}
),

event_instants as (
    select
        user_id,
        occurred_at
    from {{ ref('int_events_placed') }}
),

learners as (
    select
        user_id,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at
    from event_instants
    group by user_id
),

-- The events of each learner's last instant: to put these few in order is to order all.
ordered_events as (
    select
        learners.user_id,
        learners.first_seen_at,
        learners.last_seen_at,
        events.timezone,
        row_number() over (
            partition by learners.user_id
            order by events.event_id desc
        ) as event_number
    from learners
    inner join events
        on
            learners.user_id = events.user_id
            and learners.last_seen_at = events.occurred_at
),

final as (
    select
        user_id,
        timezone,
        first_seen_at,
        last_seen_at,
        {{ local_date(as_of(), 'timezone') }} as as_of_date
    from ordered_events
    where event_number = 1
)

select * from final
