"""Whether events read by their shapes hold anything the guard of personal data would change.

Most texts and ids of a batch repeat within it or were seen a moment ago, so each is looked at once
and remembered: the guard then costs a fraction of what reading the event does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any

from ingestion.events.guarding import find_private_id, redact_properties
from ingestion.events.shapes import Shape, shapes_by_struct
from ingestion.privacy.guard import holds_private_id, might_hold_pii, redact

_ID_FIELDS = ("material_id", "chunk_id", "question_id", "topic_id")
# Bounds the memory of what is remembered: about 4 MiB a process.
_REMEMBERED = 16_384
_REMEMBERED_CHARACTERS = 100


def screen(events: Sequence[Any]) -> list[bool]:
    """For each event, whether the guard leaves it as it is; `event_id` is not looked at."""
    known = _screens()
    screens = [known[type(event)] for event in events]
    ids: set[object] = set()
    texts: set[object] = set()
    for event, of_type in zip(events, screens, strict=True):
        ids.update(of_type.ids(event))
        texts.update(of_type.texts(event))
    private = {one for one in ids if isinstance(one, str) and not is_harmless_id(one)}
    # A property may be a text or a number.
    private |= {one for one in texts if isinstance(one, str) and not _is_harmless_text(one)}
    return [
        (not private or private.isdisjoint((*of_type.ids(event), *of_type.texts(event))))
        and (not of_type.shape.nested or _is_harmless_nested(of_type.shape, event))
        for event, of_type in zip(events, screens, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Screen:
    """How to get at what one type of event has to look at."""

    shape: Shape
    ids: Callable[[Any], tuple[object, ...]]
    texts: Callable[[Any], tuple[object, ...]]


@cache
def _screens() -> Mapping[type[Any], _Screen]:
    return {
        struct: _Screen(
            shape,
            attrgetter(*_ID_FIELDS, *(f"properties.{name}" for name in shape.ids)),
            _texts_of(shape),
        )
        for struct, shape in shapes_by_struct().items()
    }


def _texts_of(shape: Shape) -> Callable[[Any], tuple[object, ...]]:
    match shape.texts:
        case ():
            return lambda _: ()
        case (name,):
            return lambda event: (getattr(event.properties, name),)
        case names:
            return attrgetter(*(f"properties.{name}" for name in names))


@lru_cache(_REMEMBERED)
def is_harmless_id(text: str) -> bool:
    """Whether the guard lets an id pass."""
    return not holds_private_id(text)


def _is_harmless_text(text: str) -> bool:
    if len(text) <= _REMEMBERED_CHARACTERS:
        return _is_left_alone(text)
    return _is_left_alone.__wrapped__(text)


@lru_cache(_REMEMBERED)
def _is_left_alone(text: str) -> bool:
    return not might_hold_pii(text) or redact(text)[0] == text


def _is_harmless_nested(shape: Shape, event: Any) -> bool:
    members = {name: getattr(event.properties, name) for name in shape.nested}
    nested = {name: member for name, member in members.items() if member is not None}
    if not nested:
        return True
    _, redacted = redact_properties(shape.event_type, nested)
    return not redacted and find_private_id(shape.event_type, event, nested) is None
