{{ config(materialized='kept_view') }}

-- Nothing is made of this: it is what the marts are held against.
with

logged as (
    select
        event_id,
        claim_id,
        user_id,
        session_id,
        question_id,
        topic_id,
        event_type,
        achievement_id,
        xp_amount,
        new_level,
        is_correct,
        occurred_at
    from {{ ref('stg_study_events') }}
),

kept as (
    select
        placed.event_id,
        placed.claim_id,
        placed.user_id,
        case when placed.names_session then placed.claim_id end as session_id,
        placed.question_id,
        placed.topic_id,
        placed.event_type,
        placed.achievement_id,
        placed.xp_amount,
        placed.new_level,
        placed.is_correct,
        placed.occurred_at
    from {{ ref('int_events_placed') }} as placed
    where {{ is_away('placed') }}
),

final as (
    select * from logged
    union all
    select * from kept
)

select * from final
