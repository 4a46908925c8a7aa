"""Events read from bytes by their shapes, many at a time: the fast way to the same verdict.

What is read here would be accepted by `validate_event` with the very same values. Whatever else
comes is left to it, event by event: it alone rejects, and it alone finds the words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import compress
from typing import Any, TypeAlias, TypeVar

import msgspec
from pydantic_core import PydanticCustomError

from ingestion.events.clock import AHEAD_MAX
from ingestion.events.columns import (
    MICROSECOND,
    microseconds,
    pack_uuid7s,
    pack_uuids,
    read_instants,
    uuid7_times,
)
from ingestion.events.decoding import decode_each
from ingestion.events.identity import EPOCH, NEARBY, resolve_identity
from ingestion.events.instants import parse_instant
from ingestion.events.screening import Place, is_harmless_id, screen
from ingestion.events.shapes import shapes_by_struct

Identified: TypeAlias = tuple[bytes, str, str | None]
_Value = TypeVar("_Value")

_NEARBY = NEARBY // MICROSECOND
_AHEAD_MAX = AHEAD_MAX // MICROSECOND
_YEAR_10000 = 253_402_300_800 * 1_000_000
_NO_SESSION = b""
# A whole float as msgspec writes it, or a text that looks like one: each value is looked at.
_WHOLE_FLOATS = (b".0,", b".0}", b".0]")
_POINT_ZERO = b".0"
# Learners and sessions come again and again; of so many ids the bytes are kept: 3 MiB a process.
_REMEMBERED = 8_192


@dataclass(slots=True)
class ReadEvents:
    """Events that hold, as columns: entry i of every list is of one event.

    Times are microseconds since 1970, UUIDs their 16 bytes (a session's is empty where there is
    none), `properties` normalised JSON, `places` the ids of what the event is about, as
    `screening.Place` says. `identities` are the key, the same as text, and the
    client's own id where the key was derived from it. `odd` are the positions of the events that
    were not read: `validate_event` must judge them.
    """

    positions: Sequence[int]
    structs: Sequence[Any]
    identities: Sequence[Identified]
    user_ids: Sequence[bytes]
    session_ids: Sequence[bytes]
    occurred: Sequence[int]
    original: Sequence[int]
    properties: Sequence[bytes]
    places: Sequence[Place]
    odd: Sequence[int]


def read_events(
    raws: Sequence[bytes], *, received_at: datetime, sent_at: datetime | None
) -> ReadEvents:
    """Read the JSON texts of events; both instants must be aware, `sent_at` is the batch's."""
    positions, structs = decode_each(raws)
    return _read(positions, structs, len(raws), received_at, sent_at)


def read_decoded(
    structs: Sequence[Any], *, received_at: datetime, sent_at: datetime | None
) -> ReadEvents:
    """The same for events that `decode_batch` has decoded."""
    return _read(range(len(structs)), structs, len(structs), received_at, sent_at)


def _read(
    positions: Sequence[int],
    structs: Sequence[Any],
    size: int,
    received_at: datetime,
    sent_at: datetime | None,
) -> ReadEvents:
    harmless, places = screen(structs)
    if not all(harmless):
        positions, structs = list(compress(positions, harmless)), list(compress(structs, harmless))
        places = list(compress(places, harmless))
    original = _each(read_instants, _read_instant, [event.occurred_at for event in structs])
    columns: list[Any] = [
        _identify([event.event_id for event in structs], original, received_at),
        [_pack_known(event.user_id) for event in structs],
        [_pack_session(event.session_id) for event in structs],
        _correct(original, received_at, sent_at),
        original,
        _write_properties(structs),
        places,
    ]
    if any(None in column for column in columns):
        whole = [None not in entry for entry in zip(*columns, strict=True)]
        positions, structs = list(compress(positions, whole)), list(compress(structs, whole))
        columns = [list(compress(column, whole)) for column in columns]
    odd = sorted(set(range(size)).difference(positions)) if len(positions) < size else []
    identities, user_ids, session_ids, occurred, original, properties, places = columns
    return ReadEvents(
        positions=positions,
        structs=structs,
        identities=identities,
        user_ids=user_ids,
        session_ids=session_ids,
        occurred=occurred,
        original=original,
        properties=properties,
        places=places,
        odd=odd,
    )


def _each(
    all_at_once: Callable[[Sequence[str]], list[_Value] | None],
    one: Callable[[str], _Value | None],
    texts: list[str],
) -> Sequence[_Value | None]:
    """Read a column at once if all is as usual, else one by one; None is what cannot be read."""
    column = all_at_once(texts)
    return [one(text) for text in texts] if column is None else column


@lru_cache(_REMEMBERED)
def _pack_known(text: str) -> bytes | None:
    packed = pack_uuids([text])
    return packed[0] if packed else None


@lru_cache(_REMEMBERED)
def _pack_session(text: str | None) -> bytes | None:
    return _NO_SESSION if text is None else _pack_known.__wrapped__(text)


def _read_instant(text: str) -> int | None:
    try:
        return microseconds(parse_instant(text))
    except PydanticCustomError:
        return None


def _correct(
    original: Sequence[int | None], received_at: datetime, sent_at: datetime | None
) -> list[int | None]:
    """Apply the rules of `clock` to a column; None where they make a time implausible."""
    received = microseconds(received_at)
    shift = 0 if sent_at is None else received - microseconds(sent_at)
    latest = min(received + _AHEAD_MAX, _YEAR_10000 - 1)
    return [
        instant + shift
        if instant is not None and instant >= 0 and 0 <= instant + shift <= latest
        else None
        for instant in original
    ]


def _identify(
    client_ids: Sequence[str | None], original: Sequence[int | None], received_at: datetime
) -> list[Identified | None]:
    """Find the key of each event: mostly a UUIDv7 of the event's own time, kept as it is."""
    present = [client_id or "" for client_id in client_ids]
    keys = pack_uuid7s(present)
    if keys is None:
        return [_resolve(*both, received_at) for both in zip(client_ids, original, strict=True)]
    return [
        (key, client_id, None)
        if instant is not None and -_NEARBY <= time * 1000 - instant <= _NEARBY
        else _resolve(client_id, instant, received_at)
        for key, client_id, time, instant in zip(
            keys, map(str.lower, present), uuid7_times(keys), original, strict=True
        )
    ]


def _resolve(
    client_id: str | None, original: int | None, received_at: datetime
) -> Identified | None:
    if client_id is None or original is None or original < 0 or not is_harmless_id(client_id):
        return None
    identity = resolve_identity(client_id, EPOCH + original * MICROSECOND, received_at)
    if identity is None:
        return None
    return identity.event_id.bytes, str(identity.event_id), identity.client_event_id


def _write_properties(structs: Sequence[Any]) -> list[bytes | None]:
    """Write properties as normalised JSON: no nulls, whole numbers without a point."""
    write = msgspec.json.Encoder().encode
    written: list[bytes | None] = [write(event.properties) for event in structs]
    for index, text in enumerate(written):
        if text is None or _POINT_ZERO not in text or not _holds_whole_float(text):
            continue
        event = structs[index]
        _make_whole(event.properties, shapes_by_struct()[type(event)].floats)
        again = write(event.properties)
        # Still there inside a list or a name: not worth a second writer of JSON.
        written[index] = None if _holds_whole_float(again) else again
    return written


def _holds_whole_float(text: bytes) -> bool:
    return any(sign in text for sign in _WHOLE_FLOATS)


def _make_whole(properties: Any, floats: Sequence[str]) -> None:
    for name in floats:
        value = getattr(properties, name)
        if isinstance(value, float) and value.is_integer():
            setattr(properties, name, int(value))
