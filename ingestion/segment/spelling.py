"""How Segment's world spells the names of the tracking plan."""

import re

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ACRONYMS = {"ai": "AI", "xp": "XP"}


def to_snake(name: str) -> str:
    """Spell a property as the plan does: `materialId`, `materialID` and `MaterialId` alike."""
    return _WORDS.sub("_", name).lower()


def spellings(event_type: str) -> tuple[str, ...]:
    """The names an event type goes by: its own, and with capitals ("AI Hint Requested")."""
    words = event_type.split("_")
    capitals = " ".join(_ACRONYMS.get(word, word.capitalize()) for word in words)
    return tuple(dict.fromkeys((event_type, capitals, " ".join(map(str.capitalize, words)))))
