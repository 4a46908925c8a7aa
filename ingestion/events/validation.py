"""The verdict on one event as it came in: ready to land, or turned away with a reason."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from ingestion.events.clock import correct, is_too_far_ahead
from ingestion.events.codes import Code
from ingestion.events.envelope import Event, whole_event
from ingestion.events.guarding import find_private_id, redact_properties
from ingestion.events.identity import EPOCH, Identity, random_uuid7, resolve_identity
from ingestion.events.normalisation import UNSTORABLE, UnfitError, is_storable, normalise
from ingestion.events.plan import PLAN, EventType
from ingestion.events.refusal import Rejection, reject, reject_for
from ingestion.privacy.finding import Kind

__all__ = ["AcceptedEvent", "Rejection", "validate_event"]

_FIELDS = frozenset(Event.model_fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedEvent:
    """An event ready to land: the columns of `raw.study_events` that come from the client.

    `occurred_at` is corrected by the client's clock error, `original_occurred_at` is the client's
    own word. `client_event_id` is set where `event_id` was derived from it. All times are UTC.
    `redacted` counts the personal data taken out of `properties`; None where there were none.
    """

    event_id: UUID
    event_type: str
    schema_version: int
    user_id: UUID
    session_id: UUID | None
    occurred_at: datetime
    original_occurred_at: datetime | None
    sent_at: datetime | None
    received_at: datetime
    material_id: str | None
    chunk_id: str | None
    question_id: str | None
    topic_id: str | None
    client_event_id: str | None
    properties: dict[str, Any]
    redacted: Counter[Kind] | None = None


def validate_event(
    raw: object, *, received_at: datetime, sent_at: datetime | None
) -> AcceptedEvent | Rejection:
    """Hold one event, as parsed from JSON, against the tracking plan.

    `sent_at` is the batch's; an event's own goes before it. Both instants must be aware. Whether
    the event's month is open is for landing to say. Raises nothing, whatever `raw` holds; the
    verdict's words never quote a value, for it may be private.
    """
    if not isinstance(raw, dict):
        return reject(Code.NOT_AN_OBJECT, (), "an event must be a JSON object")
    event_type = _identify(raw)
    if isinstance(event_type, Rejection):
        return event_type
    refusal = _check_version(raw.get("schema_version"), event_type) or _check_names(raw, event_type)
    if refusal is not None:
        return refusal
    try:
        clean = normalise(raw)
        properties = clean.setdefault("properties", {})
        event = whole_event(event_type.name).model_validate(clean)
    except UnfitError as unfit:
        return reject(unfit.code, unfit.path, unfit.message)
    except ValidationError as error:
        return reject_for(error, clean)
    return _place(event, properties, received_at.astimezone(UTC), event.sent_at or sent_at)


def _identify(raw: dict[Any, Any]) -> EventType | Rejection:
    """Find what the event says it is."""
    name = raw.get("event_type")
    if name is None:
        return reject(Code.MISSING_FIELD, ("event_type",), "is required")
    if not isinstance(name, str):
        return reject(Code.WRONG_TYPE, ("event_type",), "must be a string")
    event_type = PLAN.get(name)
    if event_type is not None:
        return event_type
    if not is_storable(name):
        return reject(Code.UNSTORABLE_TEXT, ("event_type",), UNSTORABLE)
    words = f"is not in the tracking plan{_suggest(name, PLAN)}"
    return reject(Code.UNKNOWN_EVENT_TYPE, ("event_type",), words)


def _check_version(version: object, event_type: EventType) -> Rejection | None:
    if version is None:
        return None
    if isinstance(version, bool) or not isinstance(version, int | float):
        return reject(Code.WRONG_TYPE, ("schema_version",), "must be a whole number")
    if version != event_type.schema_version:
        words = f"{event_type.name} has version {event_type.schema_version} only"
        return reject(Code.UNSUPPORTED_SCHEMA_VERSION, ("schema_version",), words)
    return None


def _check_names(raw: dict[Any, Any], event_type: EventType) -> Rejection | None:
    """Refuse the first name that is not in the plan, before looking at any value."""
    for key in raw:
        if key not in _FIELDS:
            return refuse_name(Code.UNKNOWN_FIELD, "no event has this field", (key,), _FIELDS)
    properties = raw.get("properties")
    known = event_type.properties.model_fields
    for key in properties if isinstance(properties, dict) else ():
        if key not in known:
            words = f"{event_type.name} has no such property"
            return refuse_name(Code.UNKNOWN_PROPERTY, words, ("properties", key), known)
    return None


def refuse_name(code: Code, words: str, path: tuple[Any, ...], known: Collection[str]) -> Rejection:
    """Word the refusal of a name that is not among the known ones; suggest the likeliest."""
    name = path[-1]
    if isinstance(name, str) and not is_storable(name):
        return reject(Code.UNSTORABLE_TEXT, path, UNSTORABLE)
    return reject(code, path, words + _suggest(str(name), known))


def _suggest(name: str, known: Collection[str]) -> str:
    """Name the likeliest thing meant; long names are not worth comparing."""
    likely = get_close_matches(name, known, n=1, cutoff=0.75) if len(name) <= 64 else []
    return f"; did you mean {likely[0]}?" if likely else ""


def _place(
    event: Event, properties: dict[str, Any], received_at: datetime, sent_at: datetime | None
) -> AcceptedEvent | Rejection:
    """Give a well-formed event its place in time and its id."""
    event_type = PLAN[event.event_type]
    private = find_private_id(event_type, event, properties)
    if private is not None:
        words = "holds an e-mail address: an id must not say whose it is"
        return reject(Code.PRIVATE_DATA, private, words)
    occurred_at = correct(event.occurred_at, received_at, sent_at)
    if occurred_at is None or is_too_far_ahead(occurred_at, received_at):
        return _refuse_time("lies over 24 h ahead of its receipt, or outside the years 1 to 9999")
    if min(occurred_at, event.occurred_at or occurred_at) < EPOCH:
        return _refuse_time("lies before 1970")
    identity = _resolve(event, occurred_at, received_at)
    if identity is None:
        words = "is required with an event_id that is not a UUIDv7 of the last 24 h"
        return reject(Code.OCCURRED_AT_REQUIRED, ("occurred_at",), words)
    guarded, redacted = redact_properties(event_type, properties)
    return AcceptedEvent(
        event_id=identity.event_id,
        event_type=event.event_type,
        schema_version=event.schema_version,
        user_id=event.user_id,
        session_id=event.session_id,
        occurred_at=occurred_at,
        original_occurred_at=event.occurred_at,
        sent_at=sent_at,
        received_at=received_at,
        material_id=event.material_id,
        chunk_id=event.chunk_id,
        question_id=event.question_id,
        topic_id=event.topic_id,
        client_event_id=identity.client_event_id,
        properties=guarded,
        redacted=redacted or None,
    )


def _resolve(event: Event, occurred_at: datetime, received_at: datetime) -> Identity | None:
    if event.event_id is None:
        return Identity(random_uuid7(occurred_at), None)
    return resolve_identity(event.event_id, event.occurred_at, received_at)


def _refuse_time(words: str) -> Rejection:
    return reject(Code.OCCURRED_AT_OUT_OF_RANGE, ("occurred_at",), words)
