"""What a session has come to when it ends, by the definitions of docs/metrics.md."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ingestion.activity.attempts import find_attempts
from ingestion.landing.learner_log import StoredEvent

IDLE_LIMIT = timedelta(minutes=30)


def sum_up(
    events: Sequence[StoredEvent], after_pause: Sequence[StoredEvent], end: datetime
) -> dict[str, Any]:
    """The properties of a `session_end` at an instant.

    `events` are the session's, in order and all before the end; `after_pause` those of the learner,
    in whatever session, since the first pause: the first of them after a pause ends it.
    """
    if not events:
        return {}
    instants = [*(event.occurred_at for event in events), end]
    active = timedelta()
    for event, closed in zip(events, instants[1:], strict=True):
        span = closed - event.occurred_at
        if span <= IDLE_LIMIT:
            active += span - _paused(event, closed, after_pause)
    return {
        "duration_seconds": (end - events[0].occurred_at).total_seconds(),
        "active_seconds": active.total_seconds(),
        "materials_viewed": len(
            {event.material_id for event in events if event.event_type.startswith("material_")}
        ),
        "questions_attempted": len(find_attempts(events)),
        "xp_earned": sum(
            event.properties["xp_amount"] for event in events if event.event_type == "xp_earned"
        ),
    }


def _paused(event: StoredEvent, closed: datetime, after_pause: Sequence[StoredEvent]) -> timedelta:
    if event.event_type != "session_pause":
        return timedelta()
    place = (event.occurred_at, event.event_id)
    back = (other.occurred_at for other in after_pause if _place(other) > place)
    return min(next(back, closed), closed) - event.occurred_at


def _place(event: StoredEvent) -> tuple[object, ...]:
    return event.occurred_at, event.event_id
