"""Personal data in a well-formed event: redacted in its texts, refused in its ids.

What is a text and what an id is known from the plan's types (`fields.Content`), so that a new
property is guarded by being declared.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo

from ingestion.events.definition import EventType
from ingestion.events.fields import Content
from ingestion.privacy.finding import Kind
from ingestion.privacy.guard import holds_private_id, might_hold_pii, redact
from ingestion.privacy.masking import mask_text

Path = tuple[object, ...]
_ID_FIELDS = ("event_id", "material_id", "chunk_id", "question_id", "topic_id")


@cache
def text_properties(event_type: EventType) -> frozenset[str]:
    """Name the properties that may hold what somebody typed."""
    return _named(event_type.properties.model_fields, Content.TEXT)


@cache
def id_properties(event_type: EventType) -> frozenset[str]:
    """Name the properties that are ids, lists of ids, or objects with ids as names."""
    return _named(event_type.properties.model_fields, Content.ID)


def find_private_id(
    event_type: EventType, event: object, properties: Mapping[str, Any]
) -> Path | None:
    """Say where a well-formed event has an id that is an e-mail address; None if nowhere.

    `event` has the fields that all events have as attributes.
    """
    for name in _ID_FIELDS:
        identifier = getattr(event, name)
        if identifier is not None and holds_private_id(identifier):
            return (name,)
    for name in id_properties(event_type) & properties.keys():
        value = properties[name]
        if isinstance(value, list) and name in text_properties(event_type):
            continue
        for place, identifier in _ids(value):
            if holds_private_id(identifier):
                return ("properties", name, *place)
    return None


def redact_properties(
    event_type: EventType, properties: dict[str, Any]
) -> tuple[dict[str, Any], Counter[Kind]]:
    """Take personal data out of an event's texts; return the properties and what was taken.

    They are the very ones that were given where nothing was found.
    """
    counts: Counter[Kind] = Counter()
    guarded = {
        name: redacted
        for name in text_properties(event_type) & properties.keys()
        if (redacted := _redact(properties[name], counts)) != properties[name]
    }
    return (properties | guarded if guarded else properties), counts


def _redact(value: Any, counts: Counter[Kind]) -> Any:
    if isinstance(value, str):
        if not might_hold_pii(value):
            return value
        text, found = redact(value)
        counts.update(found)
        return text
    if isinstance(value, list):
        return [_redact(item, counts) for item in value]
    if isinstance(value, dict):
        return {name: _redact(member, counts) for name, member in value.items()}
    return value


def _ids(value: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield (), value
    elif isinstance(value, list):
        yield from (((place,), item) for place, item in enumerate(value) if isinstance(item, str))
    elif isinstance(value, dict):
        # The name is told with the refusal: as little of it as the guard leaves.
        yield from (((mask_text(name),), name) for name in value)


def _named(fields: Mapping[str, FieldInfo], content: Content) -> frozenset[str]:
    return frozenset(
        name
        for name, field in fields.items()
        if content in field.metadata or content in _marks(field.annotation)
    )


def _marks(annotation: Any) -> Iterator[object]:
    """Every mark in a type, however deep in unions, lists and objects."""
    if get_origin(annotation) is Annotated:
        annotation, *marks = get_args(annotation)
        yield from marks
    for part in get_args(annotation):
        yield from _marks(part)
