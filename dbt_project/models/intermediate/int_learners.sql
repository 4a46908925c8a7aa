{{
    config(
        unique_key=['user_id'],
        indexes=[{'columns': ['user_id'], 'unique': true}],
        meta={
            'key': ['user_id'],
            'logged': ['user_id'],
            'touched_also': ['learners_on_another_date'],
        }
    )
}}

with

days as (
    select
        user_id,
        local_date,
        first_event_at,
        last_event_at
    from {{ touched(ref('int_days')) }} as int_days
),

events as (
    select
        user_id,
        local_date,
        event_id,
        timezone,
        occurred_at
    from {{ input(ref('int_events_placed')) }} as events
),

seen as (
    select
        *,
        min(first_event_at) over (partition by user_id) as first_seen_at,
        max(last_event_at) over (partition by user_id) as last_seen_at
    from days
),

last_days as (
    select * from seen
    where last_event_at = last_seen_at
),

-- The events of each learner's last instant: to put these few in order is to order all.
last_events as (
    select
        last_days.user_id,
        last_days.first_seen_at,
        last_days.last_seen_at,
        events.timezone,
        row_number() over (
            partition by last_days.user_id
            order by events.event_id desc
        ) as event_number
    from last_days
    inner join events
        on
            last_days.user_id = events.user_id
            and last_days.local_date = events.local_date
            and last_days.last_seen_at = events.occurred_at
),

final as (
    select
        user_id,
        timezone,
        first_seen_at,
        last_seen_at,
        {{ local_date(as_of(), 'timezone') }} as as_of_date
    from last_events
    where event_number = 1
)

select * from final
