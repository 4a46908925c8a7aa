"""Ids and times as readers write them: the same input gives the same ids, on every run.

An import that is repeated must be recognised as the same events (all duplicates); an id that
depended on chance, or on the rows around it, would store every learner twice.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID, uuid5

from ingestion.readers.errors import ReaderError

# Part of every id: a changed namespace makes every repeated import a new one.
_NAMESPACE = UUID("8c1a7f5e-3f0b-5d0e-9b53-6e4c3a1d2f70")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MILLISECONDS = 86_400_000
_SEQUENCE_MAX = 0xFFF
LATEST_MILLISECOND = 253_402_300_799_999  # the end of year 9999


def name_uuid(*parts: str) -> UUID:
    """Derive the one UUID of a name, e.g. ("ednet", "u1"); parts may hold any text."""
    return uuid5(_NAMESPACE, "\x1f".join(parts))


class EventIds:
    """Issues the event ids of one learner: UUIDv7 texts of the event's millisecond.

    Within a millisecond they sort in the order of issue (12 bits after the time count it), so that
    events of one instant keep their causal order under (`occurred_at`, `event_id`). The tail is a
    digest of (key, millisecond, count): it depends on no other row of the file. Past 4,096 events
    in one millisecond ids stay distinct but their order is arbitrary.
    """

    def __init__(self, key: str) -> None:
        self._key = blake2b(key.encode(), digest_size=32).digest()
        self._millisecond = -1
        self._issued = 0

    def issue(self, millisecond: int) -> str:
        """Return the next id at `millisecond` (Unix time); call in time order."""
        self._issued = self._issued + 1 if millisecond == self._millisecond else 0
        self._millisecond = millisecond
        digest = blake2b(b"%d.%d" % (millisecond, self._issued), digest_size=8, key=self._key)
        tail = int.from_bytes(digest.digest(), "big") & 0x3FFF_FFFF_FFFF_FFFF
        text = f"{0x8000_0000_0000_0000 | tail:016x}"
        head = f"{millisecond:012x}"
        sequence = min(self._issued, _SEQUENCE_MAX)
        return f"{head[:8]}-{head[8:]}-7{sequence:03x}-{text[:4]}-{text[4:]}"


def earliest_id(millisecond: int) -> str:
    """Give a text that sorts before every UUIDv7 of a millisecond and after those before it."""
    head = f"{millisecond:012x}"
    return f"{head[:8]}-{head[8:]}"


def write_instant(millisecond: int) -> str:
    """Write Unix milliseconds (1970 to 9999) as RFC 3339, e.g. 2019-08-26T01:16:29.057Z."""
    day, rest = divmod(millisecond, _DAY_MILLISECONDS)
    seconds, thousandths = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_write_day(day)}T{hour:02d}:{minute:02d}:{second:02d}.{thousandths:03d}Z"


def to_millisecond(instant: datetime) -> int:
    """Give the Unix milliseconds of an aware instant, cut off below."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def retime_uuid7(event_id: str, milliseconds: int) -> str:
    """Move the time within a UUIDv7 by so many milliseconds; other ids come back as they are.

    Raises ReaderError where the moved time leaves the years 1970 to 9999.
    """
    try:
        value = UUID(event_id)
    except ValueError:
        return event_id
    if value.version != 7:
        return event_id
    moved = (value.int >> 80) + milliseconds
    if not 0 <= moved <= LATEST_MILLISECOND:
        raise ReaderError("moving the stream would leave the years 1970 to 9999")
    return str(UUID(int=moved << 80 | value.int & ((1 << 80) - 1)))


@lru_cache(maxsize=64)
def _write_day(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).date().isoformat()
