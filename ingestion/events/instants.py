"""Points in time as clients write them (RFC 3339) and as we keep them (UTC, whole microseconds)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from ingestion.events.codes import Code

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,24})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)


def parse_instant(value: object) -> datetime:
    """Read an RFC 3339 time with an offset as UTC, digits past the microsecond cut off.

    A time without offset is refused rather than taken for UTC: it would move a learner's evening
    into another day without anybody noticing.

    Raises `PydanticCustomError` (a `ValueError`) whose `type` is one of our codes.
    """
    if not isinstance(value, str):
        raise PydanticCustomError(Code.WRONG_TYPE.value, "must be a string (RFC 3339 time)")
    if _RFC_3339.fullmatch(value) is None:
        raise PydanticCustomError(
            Code.INVALID_VALUE.value,
            "must be an RFC 3339 time with an offset, like 2026-03-01T09:30:00Z",
        )
    try:
        local = datetime.fromisoformat(value.upper())
    except ValueError:
        raise PydanticCustomError(
            Code.INVALID_VALUE.value, "is not a time that exists in the calendar"
        ) from None
    try:
        return local.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError(
            Code.OUT_OF_RANGE.value, "must lie in the years 1 to 9999 (UTC)"
        ) from None


def shift(instant: datetime, by: timedelta) -> datetime | None:
    """Move an instant; None where the result would leave the years 1 to 9999."""
    try:
        return instant + by
    except OverflowError:
        return None


def truncate(instant: datetime) -> datetime:
    """Cut an instant to the millisecond: a retry that writes its time shorter means the same."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


Instant = Annotated[datetime, BeforeValidator(parse_instant)]
