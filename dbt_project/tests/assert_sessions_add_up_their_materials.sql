-- What a session says of materials is what its rows of material_interactions say.
with

sessions as (
    select
        session_id,
        materials_viewed,
        chunks_read
    from {{ ref('study_sessions') }}
),

interactions as (
    select
        session_id,
        count(*) as materials_viewed,
        sum(chunks_read) as chunks_read
    from {{ ref('material_interactions') }}
    group by session_id
)

select
    sessions.session_id,
    sessions.materials_viewed,
    sessions.chunks_read,
    interactions.materials_viewed as interaction_count,
    interactions.chunks_read as interaction_chunks_read
from sessions
left join interactions on sessions.session_id = interactions.session_id
where
    sessions.materials_viewed != coalesce(interactions.materials_viewed, 0)
    or sessions.chunks_read != coalesce(interactions.chunks_read, 0)
