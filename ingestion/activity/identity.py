"""Which id an activity is stored under, and whether it is stored already."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from ingestion.activity.request import Said
from ingestion.events.guarding import redact_properties
from ingestion.events.identity import EPOCH, parse_uuid, random_uuid7, resolve_identity
from ingestion.events.instants import truncate
from ingestion.landing.learner_log import StoredEvent, find_by_client_id, find_event

KEY_LIVES = timedelta(days=1)
"""How long a key that is no UUIDv7 is known again, where its request told no time."""


@dataclass(frozen=True, slots=True)
class Known:
    """The id to send an event under, and the event that is stored under it, if any.

    `occurred_at` is the time to say with it: the client's own, or, where the id needs one and the
    client told none, one of ours.
    """

    event_id: str
    occurred_at: datetime | None
    stored: StoredEvent | None


async def look_up(connection: AsyncConnection, said: Said, received_at: datetime) -> Known:
    """Find what a request may be the retry of. The learner must be locked."""
    if said.client_id is None:
        moment = max(said.occurred_at or received_at, EPOCH)
        return Known(str(random_uuid7(moment)), said.occurred_at, None)
    original = said.occurred_at
    if original is None or original >= EPOCH:  # what lies before is refused when it is judged
        identity = resolve_identity(said.client_id, original, received_at)
        if identity is not None:
            stored = await find_event(connection, identity.event_id)
            return Known(said.client_id, original, stored)
    as_uuid = parse_uuid(said.client_id)
    canonical = str(as_uuid) if as_uuid is not None else said.client_id
    stored = await find_by_client_id(
        connection, said.user_id, canonical, since=received_at - KEY_LIVES
    )
    if stored is None:
        return Known(said.client_id, original or received_at, None)
    return Known(said.client_id, original or stored.original_occurred_at, stored)


def says_the_same(said: Said, stored: StoredEvent) -> bool:
    """Whether a stored event is what a request says, beside what was added to it."""
    properties, _ = redact_properties(said.event_type, dict(said.properties))
    ids = {name: _plain(value) for name, value in said.ids.items()}
    return (
        stored.event_type == said.event_type.name
        and stored.user_id == said.user_id
        and all(_plain(getattr(stored, name)) == value for name, value in ids.items())
        and all(stored.properties.get(name) == value for name, value in properties.items())
        and (said.occurred_at is None or _is_same_time(said.occurred_at, stored))
    )


def as_event(said: Said, known: Known) -> dict[str, object]:
    """The event a request says, without anything added."""
    return shape_event(said, known, said.ids, said.properties)


def shape_event(
    said: Said, known: Known, ids: Mapping[str, str], properties: Mapping[str, Any]
) -> dict[str, object]:
    """An event in the form in which it is landed."""
    event: dict[str, object] = {
        "event_id": known.event_id,
        "event_type": said.event_type.name,
        "user_id": str(said.user_id),
        **ids,
        "properties": dict(properties),
    }
    if known.occurred_at is not None:
        event["occurred_at"] = known.occurred_at.isoformat()
    return event


def as_sent(stored: StoredEvent) -> dict[str, object]:
    """A stored event as it was sent: landed again it is a duplicate."""
    ids = ("session_id", "material_id", "chunk_id", "question_id", "topic_id")
    told = {name: getattr(stored, name) for name in ids}
    event: dict[str, object] = {
        "event_id": stored.client_event_id or str(stored.event_id),
        "event_type": stored.event_type,
        "user_id": str(stored.user_id),
        **{name: str(value) for name, value in told.items() if value is not None},
        "properties": dict(stored.properties),
    }
    if stored.original_occurred_at is not None:
        event["occurred_at"] = stored.original_occurred_at.isoformat()
    return event


def _plain(value: UUID | str | None) -> str | None:
    if isinstance(value, str):
        return str(parse_uuid(value) or value)
    return None if value is None else str(value)


def _is_same_time(said: datetime, stored: StoredEvent) -> bool:
    other = stored.original_occurred_at
    return other is not None and truncate(said) == truncate(other)
