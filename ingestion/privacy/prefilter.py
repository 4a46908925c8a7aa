"""A first look that lets most texts pass in about a microsecond, and says where to look closer.

What it misses is not private by definition: `redact` asks here first. So a pattern added elsewhere
needs its words here.
"""

import re
from dataclasses import dataclass

from ingestion.privacy.vocabulary import NAME_CLUES, PLACE_CLUES

_DIGIT = re.compile(r"\d")
_FOUR_DIGITS = re.compile(r"\d\D*\d\D*\d\D*\d")
_FIVE_DIGITS = re.compile(r"(?:\d\D*){4}\d")
# Roads whose kind is the end of their name.
_ROAD = re.compile(
    r"stra(?:ß|ss)e|str\.|allee|gasse|straat|laan|gracht|kade|gatan|vägen|vej\b|c/|ul\.|postfach",
    re.IGNORECASE,
)
_MARKS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~’\n\t"  # noqa: RUF001 (people write both apostrophes)
_SPACES = str.maketrans(dict.fromkeys(_MARKS, " "))
_CLUES = NAME_CLUES | PLACE_CLUES | {"dot"}


@dataclass(frozen=True, slots=True)
class Clues:
    """Which of the detectors have anything to look for in a text."""

    email: bool
    four_digits: bool
    five_digits: bool
    place: bool
    name: bool


def might_hold_pii(text: str) -> bool:
    """Tell whether a text is worth a closer look; False is final."""
    if not _CLUES.isdisjoint(text.lower().translate(_SPACES).split()):
        return True
    if _has_at(text):
        return True
    if _DIGIT.search(text) is None:
        return False
    return _FOUR_DIGITS.search(text) is not None or _ROAD.search(text) is not None


def look(text: str) -> Clues:
    """Say what a text may hold."""
    spoken = set(text.lower().translate(_SPACES).split())
    has_digit = _DIGIT.search(text) is not None
    four_digits = has_digit and _FOUR_DIGITS.search(text) is not None
    return Clues(
        email=_has_at(text) or "dot" in spoken,
        four_digits=four_digits,
        five_digits=four_digits and _FIVE_DIGITS.search(text) is not None,
        place=has_digit and (not spoken.isdisjoint(PLACE_CLUES) or _ROAD.search(text) is not None),
        name=not spoken.isdisjoint(NAME_CLUES),
    )


def _has_at(text: str) -> bool:
    if "@" in text or "＠" in text:  # noqa: RUF001 (a full-width one is one as well)
        return True
    return "%40" in text or "(at)" in text or "[at]" in text or "{at}" in text
