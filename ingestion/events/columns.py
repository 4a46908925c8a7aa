"""Ids and times of many events at once: a few operations over one long text, done in C.

Each function reads only the one spelling clients write, and says None for all if any value is
written otherwise: the caller then reads one by one with the functions that define what counts.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from struct import iter_unpack

from ingestion.events.identity import EPOCH

MICROSECOND = timedelta(microseconds=1)
_UUID = 36
_HYPHENS = (8, 13, 18, 23)
_VERSION_DIGIT, _VARIANT_DIGIT = 12, 16  # among the 32 without hyphens
# 2026-03-03T09:30:00Z, with milliseconds, with microseconds: length to place of the point.
_INSTANTS = {20: None, 24: 19, 27: 19}
_MARKS = {4: "-", 7: "-", 10: "T", 13: ":", 16: ":"}
_DAY_DIGITS = 5  # of an ISO week ("2026-W10-2") this one is a W, and all marks are in place


def pack_uuids(texts: Sequence[str]) -> list[bytes] | None:
    """The 16 bytes of each UUID, or None unless each is written 8-4-4-4-12."""
    digits = _digits(texts)
    return None if digits is None else _pack(digits, len(texts))


def pack_uuid7s(texts: Sequence[str]) -> list[bytes] | None:
    """The same for UUIDs that must all be of version 7."""
    digits = _digits(texts)
    if (
        digits is None
        or digits[_VERSION_DIGIT::32].strip("7")
        or digits[_VARIANT_DIGIT::32].strip("89abAB")
    ):
        return None
    return _pack(digits, len(texts))


def uuid7_times(keys: Sequence[bytes]) -> list[int]:
    """The time each UUIDv7 carries, in milliseconds since 1970."""
    return [head >> 16 for (head,) in iter_unpack(">Q8x", b"".join(keys))]


def _digits(texts: Sequence[str]) -> str | None:
    if any(len(part) != _UUID for part in texts):
        return None
    text = "".join(texts)
    hyphens = "-" * len(texts)
    if any(text[place::_UUID] != hyphens for place in _HYPHENS):
        return None
    digits = text.replace("-", "")
    return digits if len(digits) == 32 * len(texts) else None


def _pack(digits: str, count: int) -> list[bytes] | None:
    try:
        packed = bytes.fromhex(digits)
    except ValueError:
        return None
    # fromhex skips spaces: then bytes are missing.
    if len(packed) != 16 * count:
        return None
    return [packed[start : start + 16] for start in range(0, len(packed), 16)]


def read_instants(texts: Sequence[str]) -> list[int] | None:
    """Each RFC 3339 time in microseconds since 1970, or None unless all are in UTC, alike long."""
    count, text = len(texts), "".join(texts)
    length = len(texts[0]) if texts else 0
    if length not in _INSTANTS or any(len(part) != length for part in texts):
        return None
    marks = _MARKS | {length - 1: "Z"}
    if (point := _INSTANTS[length]) is not None:
        marks[point] = "."
    if any(text[place::length] != mark * count for place, mark in marks.items()):
        return None
    if "W" in text[_DAY_DIGITS::length] or not text.isascii():
        return None
    try:
        return [microseconds(datetime.fromisoformat(part)) for part in texts]
    except ValueError:
        return None


def microseconds(instant: datetime) -> int:
    """An aware instant in microseconds since 1970."""
    return (instant - EPOCH) // MICROSECOND
