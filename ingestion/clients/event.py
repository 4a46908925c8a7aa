"""An event as an application tells it, and as it is sent."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, Required, TypedDict
from uuid import UUID

from ingestion.events.identity import parse_uuid, random_uuid7

# The names of the tracking plan, so that a type checker finds a misspelt one. A test holds the two
# together; importing the plan here would cost every application its import of pydantic.
EventName = Literal[
    "session_start",
    "session_end",
    "session_pause",
    "session_resume",
    "material_open",
    "material_read",
    "material_complete",
    "material_highlight",
    "material_note",
    "material_bookmark",
    "question_view",
    "question_attempt",
    "question_submit",
    "quiz_start",
    "quiz_complete",
    "ai_question_asked",
    "ai_response_received",
    "ai_feedback_positive",
    "ai_feedback_negative",
    "ai_hint_requested",
    "ai_explanation_requested",
    "xp_earned",
    "level_up",
    "achievement_unlocked",
    "streak_continued",
    "streak_broken",
    "search_performed",
    "topic_explored",
]

# An event of the plan is a few hundred bytes. One of this size is a mistake (a whole document in a
# property), and a spool full of them would keep out everything else.
EVENT_BYTES = 64 * 1024


class EventFields(TypedDict, total=False):
    """The arguments of `track_event`.

    `occurred_at` is now where it is not given, and must be aware. `event_id` is made where it is
    not given; give one only to make repeated calls for one fact count once.
    """

    user_id: Required[UUID | str]
    event_type: Required[EventName]
    session_id: UUID | str | None
    material_id: UUID | str | None
    chunk_id: UUID | str | None
    question_id: UUID | str | None
    topic_id: UUID | str | None
    properties: Mapping[str, Any] | None
    occurred_at: datetime | None
    event_id: UUID | str | None


class UnsendableEventError(ValueError):
    """The call is wrong, whatever the service: the message says what and where."""


def compose(fields: EventFields, *, now: datetime) -> tuple[str, str]:
    """Return the event's id and its JSON text, the same for every attempt to send it.

    The id is made here and not by the service: only so is a second attempt known for one.
    What the properties may be is for the service to judge, by its tracking plan.

    Raises `UnsendableEventError`.
    """
    occurred_at = fields.get("occurred_at") or now
    if occurred_at.tzinfo is None:
        raise UnsendableEventError("occurred_at has no timezone: a learner's day would be wrong")
    occurred_at = occurred_at.astimezone(UTC)
    event_id = str(fields.get("event_id") or random_uuid7(occurred_at))
    event: dict[str, Any] = {
        "event_id": event_id,
        "event_type": fields["event_type"],
        "user_id": _uuid("user_id", fields["user_id"]),
        "occurred_at": occurred_at.isoformat(),
    }
    if (session_id := fields.get("session_id")) is not None:
        event["session_id"] = _uuid("session_id", session_id)
    for name in ("material_id", "chunk_id", "question_id", "topic_id"):
        if (value := fields.get(name)) is not None:
            event[name] = str(value)
    if properties := fields.get("properties"):
        event["properties"] = dict(properties)
    return event_id, _write(event)


def _uuid(name: str, value: UUID | str) -> str:
    known = value if isinstance(value, UUID) else parse_uuid(value)
    if known is None:
        raise UnsendableEventError(f"{name} is no UUID")
    return str(known)


def _write(event: dict[str, Any]) -> str:
    try:
        body = json.dumps(event, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UnsendableEventError(f"the properties are no JSON: {error}") from error
    if len(body) > EVENT_BYTES:
        raise UnsendableEventError(f"the event has {len(body)} bytes: at most {EVENT_BYTES}")
    return body
