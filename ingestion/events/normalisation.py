"""The first look at what a client sent: is it JSON we can store, and in one spelling?

One walk over the value, before any typing: it refuses what PostgreSQL could not keep (the whole
batch would fail on it) and makes equal things equal, so that a retry by another JSON library is
seen as the duplicate it is.
"""

import math
from typing import Any

from ingestion.events.codes import Code

# event > properties > filters > values: what the plan can hold, and one more.
_DEPTH_MAX = 5
_BIGINT_MAX = 2**63 - 1
UNSTORABLE = "holds a NUL character or a lone surrogate"


class UnfitError(Exception):
    """A value that cannot be kept: why, and where (keys and positions from the outside in)."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path: list[object] = []


def is_storable(text: str) -> bool:
    """Tell whether PostgreSQL can keep a text: no NUL character, no half of a surrogate pair."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def normalise(value: object, depth: int = 0) -> Any:
    """Copy a JSON value: members that are null dropped, whole floats (3.0) as integers.

    Raises `UnfitError` for text that cannot be stored, numbers that are not finite or beyond
    64 bits, nesting deeper than any event has, and whatever is not JSON.
    """
    if isinstance(value, str):
        if not is_storable(value):
            raise UnfitError(Code.UNSTORABLE_TEXT, UNSTORABLE)
        return value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _normalise_number(value)
    if not isinstance(value, dict | list):
        raise UnfitError(Code.WRONG_TYPE, "is not a JSON value")
    if depth == _DEPTH_MAX:
        raise UnfitError(Code.WRONG_TYPE, "is nested deeper than any event")
    if isinstance(value, dict):
        return _normalise_object(value, depth + 1)
    return _normalise_list(value, depth + 1)


def _normalise_number(number: float) -> int | float:
    if isinstance(number, float):
        if not math.isfinite(number):
            raise UnfitError(Code.NOT_FINITE, "must be a finite number")
        fits = -_BIGINT_MAX <= number <= _BIGINT_MAX
        return int(number) if fits and number.is_integer() else number
    if not -_BIGINT_MAX <= number <= _BIGINT_MAX:
        raise UnfitError(Code.OUT_OF_RANGE, "must fit in 64 bits")
    return number


def _normalise_object(value: dict[Any, object], depth: int) -> dict[str, Any]:
    clean: dict[str, Any] = {}
    for key, member in value.items():
        try:
            _check_name(key)
            if member is not None:
                clean[key] = normalise(member, depth)
        except UnfitError as unfit:
            unfit.path.insert(0, key)
            raise
    return clean


def _check_name(key: object) -> None:
    if not isinstance(key, str):
        raise UnfitError(Code.WRONG_TYPE, "has a name that is not a string")
    if not is_storable(key):
        raise UnfitError(Code.UNSTORABLE_TEXT, UNSTORABLE)


def _normalise_list(value: list[object], depth: int) -> list[Any]:
    clean: list[Any] = []
    for position, member in enumerate(value):
        try:
            clean.append(normalise(member, depth))
        except UnfitError as unfit:
            unfit.path.insert(0, position)
            raise
    return clean
