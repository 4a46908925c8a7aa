-- Every second of a session is active, paused or idle, and only one of them.
select
    session_id,
    duration_seconds,
    active_seconds,
    paused_seconds,
    idle_seconds
from {{ ref('study_sessions') }}
where abs(active_seconds + paused_seconds + idle_seconds - duration_seconds) > 0.000001
