"""Which of the events decoded by their shapes can be taken as they are.

In these is nothing that the guard of personal data would change, and nothing that asks for the
careful way. What an event is about, and most texts of events, were seen a moment ago: each is
looked at once and remembered, so that the guard costs a fraction of what reading an event does.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache, partial
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from ingestion.events.guarding import find_private_id, redact_properties
from ingestion.events.shapes import Shape, shapes_by_struct
from ingestion.privacy.guard import holds_private_id, might_hold_pii, redact

Place: TypeAlias = tuple[str | None, str | None, str | None, str | None]
"""What an event is about: its material, chunk, question and topic."""

# Bounds the memory of what is remembered: of places and ids together about 4 MiB a process.
_REMEMBERED = 8_192
# Of each type of event: most say one of a few things, and free texts are long.
_REMEMBERED_OF_TYPE = 256

_place_of = attrgetter("material_id", "chunk_id", "question_id", "topic_id")


def screen(events: Sequence[Any]) -> tuple[list[bool], list[Place]]:
    """For each event, whether it can be taken as it is (`event_id` is not looked at); its place."""
    looks = _looks()
    places = list(map(_place_of, events))
    plain = []
    for event, place in zip(events, places, strict=True):
        passes = (
            event.occurred_at is not None and event.sent_at is None and _is_harmless_place(place)
        )
        if passes and (look := looks.get(type(event))) is not None:
            said, is_harmless, closer = look
            passes = is_harmless(said(event.properties)) and (closer is None or closer(event))
        plain.append(passes)
    return plain, places


class _Look(NamedTuple):
    """How one type of event is looked at: what it said, and where that is not all, the event."""

    said: Callable[[Any], Any]
    is_harmless: Callable[[Any], bool]
    closer: Callable[[Any], bool] | None


@cache
def _looks() -> Mapping[type[Any], _Look]:
    """Of the types that hold anything to look at."""
    return {
        struct: _Look(
            _said_of((*shape.ids, *shape.texts)),
            lru_cache(_REMEMBERED_OF_TYPE)(partial(_are_harmless, len(shape.ids))),
            partial(_passes, shape) if shape.nested or shape.checks else None,
        )
        for struct, shape in shapes_by_struct().items()
        if shape.ids or shape.texts or shape.nested or shape.checks
    }


def _said_of(names: tuple[str, ...]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else lambda _: ()


def _are_harmless(ids: int, said: Any) -> bool:
    """Whether the guard lets pass what was said: first so many ids, then texts; or the only one.

    A property may be a text or a number; of these nothing is to be feared.
    """
    every = said if isinstance(said, tuple) else (said,)
    return all(is_harmless_id(one) for one in every[:ids] if isinstance(one, str)) and all(
        not might_hold_pii(one) or redact(one)[0] == one
        for one in every[ids:]
        if isinstance(one, str)
    )


@lru_cache(_REMEMBERED)
def _is_harmless_place(place: Place) -> bool:
    return all(one is None or is_harmless_id(one) for one in place)


@lru_cache(_REMEMBERED)
def is_harmless_id(text: str) -> bool:
    """Whether the guard lets an id pass."""
    return not holds_private_id(text)


def _passes(shape: Shape, event: Any) -> bool:
    """Whether the plan's own checks, and the guard on lists and objects, leave all as it is."""
    for name, checks in shape.checks.items():
        value = getattr(event.properties, name)
        try:
            if value is not None and any(check(value) != value for check in checks):
                return False
        except ValueError:
            return False
    return not shape.nested or _is_harmless_nested(shape, event)


def _is_harmless_nested(shape: Shape, event: Any) -> bool:
    members = {name: getattr(event.properties, name) for name in shape.nested}
    nested = {name: member for name, member in members.items() if member is not None}
    if not nested:
        return True
    _, redacted = redact_properties(shape.event_type, nested)
    return not redacted and find_private_id(shape.event_type, event, nested) is None
