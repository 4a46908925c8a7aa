{{
    config(
        unique_key=['session_id', 'material_id'],
        indexes=[
            {'columns': ['user_id']},
        ],
        meta={'key': ['session_id'], 'logged': ['session_id', 'user_id']}
    )
}}

with

material_events as (
    select * from {{ touched(ref('int_events_placed'), {'session_id': 'claim_id'}) }} as events
    where session_id is not null and is_material
),

interactions as (
    select
        session_id,
        material_id,
        user_id,
        {{ earliest('topic_id', 'topic_id is not null') }} as topic_id,
        {{ earliest('material_type', 'material_type is not null') }} as material_type,
        count(distinct chunk) as chunks_read,
        count(case when event_type = 'material_highlight' then 1 end) as highlights_count,
        count(case when event_type = 'material_note' then 1 end) as notes_count,
        coalesce(sum(reading_seconds), 0) as reading_seconds,
        max(scroll_depth_percent) as scroll_depth_percent,
        bool_or(event_type in ('material_open', 'material_read', 'material_complete')) as is_read,
        bool_or(event_type = 'material_complete') as is_completed,
        bool_or(event_type = 'material_bookmark') as is_bookmarked,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at
    from material_events
    group by session_id, material_id, user_id
),

final as (
    select
        session_id,
        material_id,
        user_id,
        topic_id,
        material_type,
        case when is_read then 'read' else 'annotate' end as interaction_type,
        chunks_read,
        highlights_count,
        notes_count,
        cast(reading_seconds as double precision) as duration_seconds,
        scroll_depth_percent,
        is_completed or coalesce(scroll_depth_percent >= 90, false) as is_complete,
        is_bookmarked,
        started_at,
        ended_at
    from interactions
)

select * from final
