"""Which id an event is stored under: always a UUIDv7, the same one for every copy of an event.

The id is the primary key and the partition key at once. Were it to differ between an event and
its retry, the event would count twice; were its embedded time far from the event's, it would lie
in the wrong month's partition.
"""

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from uuid import RFC_4122, UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
NEARBY = timedelta(days=1)
_TAIL_BYTES = 10  # 74 of these 80 bits fit beside version and variant
# Part of every stored id: changing it would make each retry of an old event a new event.
_PERSON = b"study-event-v1"
_UUID_TEXT = re.compile(
    r"(?:urn:uuid:)?\{?"
    r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})\}?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """The id to store under and, where that was derived, the client's own."""

    event_id: UUID
    client_event_id: str | None


def parse_uuid(text: str) -> UUID | None:
    """Read a UUID in any usual spelling (upper case, no hyphens, braces, urn); None if it is not.

    `uuid.UUID` alone is too kind: it takes hyphens anywhere, and underscores for digits.
    """
    match = _UUID_TEXT.fullmatch(text)
    return UUID(match.group(1)) if match else None


def embedded_instant(event_id: UUID) -> datetime | None:
    """Tell the millisecond a UUIDv7 carries; None for other UUIDs and for years past 9999."""
    if event_id.version != 7 or event_id.variant != RFC_4122:
        return None
    try:
        return EPOCH + (event_id.int >> 80) * _MILLISECOND
    except OverflowError:
        return None


def derive_uuid7(instant: datetime, client_id: str) -> UUID:
    """Make the one UUIDv7 of an instant and a client's id; later milliseconds sort later.

    The tail is a digest of the id alone: the millisecond is in the head already, and digits
    below it must not matter, because a client may resend them cut off.

    Raises `ValueError` for an instant before 1970, which a UUIDv7 cannot carry.
    """
    identity = client_id.encode()
    return _compose(instant, blake2b(identity, digest_size=_TAIL_BYTES, person=_PERSON).digest())


def random_uuid7(instant: datetime) -> UUID:
    """Make a new UUIDv7 at an instant; raises `ValueError` for one before 1970."""
    return _compose(instant, os.urandom(_TAIL_BYTES))


def follow_uuid7(event_id: UUID, ordinal: int) -> UUID:
    """Make the id of what follows from an event as its first (0), second (1), ... consequence.

    It sorts after the event's and after those of the consequences before it, up to 4,096 of them;
    it is a millisecond later, because what follows within one must not sort by chance. The same
    event and ordinal always give the same id.

    Raises `ValueError` for an id that is no UUIDv7.
    """
    if embedded_instant(event_id) is None:
        raise ValueError("only an event with a UUIDv7 can have consequences")
    of_it = blake2b(b"%d" % ordinal, digest_size=_TAIL_BYTES, key=event_id.bytes, person=_PERSON)
    sequence, tail = min(ordinal, 0xFFF), int.from_bytes(of_it.digest(), "big")
    milliseconds = (event_id.int >> 80) + 1
    return _lay_out(milliseconds, sequence << 62 | tail & ((1 << 62) - 1))


def resolve_identity(
    client_id: str, original: datetime | None, received_at: datetime
) -> Identity | None:
    """Keep a client's UUIDv7 whose time is within a day of the event's own; map any other id.

    `original` is the event's time as the client's clock told it, before any correction: the
    correction differs between retries, and the id must not. Without it the time of receipt
    stands in for judging a UUIDv7, and None is returned when the id would have to be mapped.

    Raises `ValueError` when `original` is before 1970.
    """
    as_uuid = parse_uuid(client_id)
    if as_uuid is not None:
        embedded = embedded_instant(as_uuid)
        if embedded is not None and abs(embedded - (original or received_at)) <= NEARBY:
            return Identity(as_uuid, None)
    if original is None:
        return None
    canonical = str(as_uuid) if as_uuid is not None else client_id
    return Identity(derive_uuid7(original, canonical), canonical)


def _compose(instant: datetime, tail: bytes) -> UUID:
    """Lay out a UUIDv7 (RFC 9562): 48 bits of milliseconds, version, 12 bits, variant, 62 bits."""
    milliseconds = (instant - EPOCH) // _MILLISECOND
    if milliseconds < 0:
        raise ValueError("a UUIDv7 cannot carry a time before 1970")
    return _lay_out(milliseconds, int.from_bytes(tail, "big"))


def _lay_out(milliseconds: int, bits: int) -> UUID:
    high, low = (bits >> 62) & 0xFFF, bits & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
