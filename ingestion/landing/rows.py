"""Events as rows of PostgreSQL's binary COPY: what goes into `raw.study_events`, byte for byte.

Binary, because it costs the least on both sides: the database reads no digits and no escapes, and
a row is a handful of joined bytes here. Every row ends with what all events of a type and request
share, made once.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from ingestion.events.columns import microseconds
from ingestion.events.reading import ReadEvents
from ingestion.events.screening import Place
from ingestion.events.shapes import shapes_by_struct
from ingestion.events.validation import AcceptedEvent

COLUMNS = (
    "event_id",
    "user_id",
    "session_id",
    "occurred_at",
    "original_occurred_at",
    "material_id",
    "chunk_id",
    "question_id",
    "topic_id",
    "client_event_id",
    "properties",
    "event_type",
    "schema_version",
    "sent_at",
    "received_at",
    "context",
)

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_END = struct.pack(">h", -1)
_NULL = struct.pack(">i", -1)
_JSONB_VERSION = 1
_EPOCH_2000 = microseconds(datetime(2000, 1, 1, tzinfo=UTC))
_length = struct.Struct(">i").pack
_uuid = struct.Struct(">i16s").pack
_time = struct.Struct(">iq").pack
_small = struct.Struct(">ih").pack
_jsonb = struct.Struct(">iB").pack
# What events are about comes again and again: of so many the bytes are kept, 2 MiB a process.
_REMEMBERED = 8_192
# The first five columns in one go, with a session and without.
_usual = struct.Struct(">i16si16si16siqiq").pack
_sessionless = struct.Struct(">i16si16siiqiq").pack


def learner_of(content: bytes) -> UUID:
    """The learner of a row: the second column, behind its length, of an id behind its own."""
    return UUID(bytes=content[24:40])


def copy_stream(rows: Sequence[bytes]) -> bytes:
    """One binary COPY of rows into `COLUMNS`."""
    count = struct.pack(">h", len(COLUMNS))
    return b"".join((_SIGNATURE, count, count.join(rows), _END)) if rows else _SIGNATURE + _END


def numbered_copy_stream(rows: Sequence[bytes]) -> bytes:
    """The same with each row's place in `rows`, an integer, as a column before the others."""
    head = struct.Struct(">hii").pack
    columns = len(COLUMNS) + 1
    numbered = (part for place, row in enumerate(rows) for part in (head(columns, 4, place), row))
    return b"".join((_SIGNATURE, *numbered, _END))


class RowWriter:
    """Writes the events of one request as rows: its instants and its context are in every one."""

    def __init__(
        self, *, received_at: datetime, sent_at: datetime | None, context: Mapping[str, object]
    ) -> None:
        rest = (_instant(received_at), _json(json.dumps(dict(context)).encode()))
        self._rest = b"".join(rest)
        self._ending = _instant(sent_at) + self._rest

    def write_read(self, events: ReadEvents) -> list[bytes]:
        """The rows of events read by their shapes."""
        kinds, ending = _kinds(), self._ending
        rows = []
        for event, (key, _, client_event_id), place, properties, user, session, at, said_at in zip(
            events.structs,
            events.identities,
            events.places,
            events.properties,
            events.user_ids,
            events.session_ids,
            _since_2000(events.occurred),
            _since_2000(events.original),
            strict=True,
        ):
            head = (
                _usual(16, key, 16, user, 16, session, 8, at, 8, said_at)
                if session
                else _sessionless(16, key, 16, user, -1, 8, at, 8, said_at)
            )
            client_id = _NULL if client_event_id is None else _text(client_event_id)
            size = _jsonb(len(properties) + 1, _JSONB_VERSION)
            kind = kinds[type(event)]
            rows.append(b"".join((head, _about(place), client_id, size, properties, kind, ending)))
        return rows

    def write_accepted(self, event: AcceptedEvent) -> bytes:
        """The row of an event that was judged singly."""
        return b"".join(
            (
                _uuid(16, event.event_id.bytes),
                _uuid(16, event.user_id.bytes),
                _NULL if event.session_id is None else _uuid(16, event.session_id.bytes),
                _instant(event.occurred_at),
                _instant(event.original_occurred_at),
                _about((event.material_id, event.chunk_id, event.question_id, event.topic_id)),
                _text(event.client_event_id),
                _json(json.dumps(event.properties).encode()),
                _kind(event.event_type, event.schema_version),
                _instant(event.sent_at),
                self._rest,
            )
        )


def _kind(event_type: str, schema_version: int) -> bytes:
    return _text(event_type) + _small(2, schema_version)


@cache
def _kinds() -> Mapping[type[Any], bytes]:
    return {
        struct: _kind(shape.event_type.name, shape.event_type.schema_version)
        for struct, shape in shapes_by_struct().items()
    }


def _since_2000(since_1970: Sequence[int]) -> list[int]:
    return [instant - _EPOCH_2000 for instant in since_1970]


@lru_cache(_REMEMBERED)
def _about(place: Place) -> bytes:
    return b"".join(map(_text, place))


def _text(text: str | None) -> bytes:
    if text is None:
        return _NULL
    encoded = text.encode()
    return _length(len(encoded)) + encoded


def _instant(instant: datetime | None) -> bytes:
    return _NULL if instant is None else _time(8, microseconds(instant) - _EPOCH_2000)


def _json(text: bytes) -> bytes:
    return _jsonb(len(text) + 1, _JSONB_VERSION) + text
