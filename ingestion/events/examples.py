"""A complete, valid example of every event type, made from the examples of its fields."""

from typing import Any

from pydantic import BaseModel

from ingestion.events.definition import EventType
from ingestion.events.envelope import Event

_ALWAYS = ("event_id", "user_id", "session_id", "occurred_at")
_BESIDE: dict[str, tuple[str, ...]] = {
    "materials": ("chunk_id", "topic_id"),
    "questions": ("topic_id",),
    "coach": ("topic_id",),
}


def build_example(event_type: EventType) -> dict[str, Any]:
    """Make an event as a client would send it on 3 March 2026, with every property filled in."""
    ids = {*_ALWAYS, *event_type.required_ids, *_BESIDE.get(event_type.family, ())}
    shared = _first_examples(Event)
    return {
        "event_type": event_type.name,
        **{name: shared[name] for name in Event.model_fields if name in ids},
        "properties": _first_examples(event_type.properties),
    }


def _first_examples(model: type[BaseModel]) -> dict[str, Any]:
    return {name: field.examples[0] for name, field in model.model_fields.items() if field.examples}
