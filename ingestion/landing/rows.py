"""Events as rows of PostgreSQL's binary COPY: what goes into `raw.study_events`, byte for byte.

Binary, because it costs the least on both sides: the database reads no digits and no escapes, and
a row is a handful of joined bytes here. Every row ends with what all events of a type and request
share, made once.
"""

import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from ingestion.events.columns import microseconds
from ingestion.events.reading import ReadEvents
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
        self._sent_at = _instant(sent_at)
        self._received_at = _instant(received_at)
        self._context = _json(json.dumps(dict(context)).encode())

    def write_read(self, events: ReadEvents) -> list[bytes]:
        """The rows of events read by their shapes."""
        text = _Memory(_text).__getitem__
        ending = _Memory(self._ending_of_struct).__getitem__
        return [
            b"".join(
                (
                    head,
                    text(event.material_id),
                    text(event.chunk_id),
                    text(event.question_id),
                    text(event.topic_id),
                    text(client_event_id),
                    _jsonb(len(properties) + 1, _JSONB_VERSION),
                    properties,
                    ending(type(event)),
                )
            )
            for head, event, (_, _, client_event_id), properties in zip(
                _heads(events), events.structs, events.identities, events.properties, strict=True
            )
        ]

    def write_accepted(self, event: AcceptedEvent) -> bytes:
        """The row of an event that was judged singly."""
        return b"".join(
            (
                _uuid(16, event.event_id.bytes),
                _uuid(16, event.user_id.bytes),
                _NULL if event.session_id is None else _uuid(16, event.session_id.bytes),
                _instant(event.occurred_at),
                _instant(event.original_occurred_at),
                _text(event.material_id),
                _text(event.chunk_id),
                _text(event.question_id),
                _text(event.topic_id),
                _text(event.client_event_id),
                _json(json.dumps(event.properties).encode()),
                self._ending(event.event_type, event.schema_version, _instant(event.sent_at)),
            )
        )

    def _ending_of_struct(self, kind: type[Any]) -> bytes:
        event_type = shapes_by_struct()[kind].event_type
        return self._ending(event_type.name, event_type.schema_version, self._sent_at)

    def _ending(self, event_type: str, schema_version: int, sent_at: bytes) -> bytes:
        version = _small(2, schema_version)
        return b"".join((_text(event_type), version, sent_at, self._received_at, self._context))


_K = TypeVar("_K")


class _Memory(dict[_K, bytes]):
    """Fields by what they say, each written once: types and ids repeat within a request."""

    def __init__(self, write: Callable[[_K], bytes]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, value: _K) -> bytes:
        written = self[value] = self._write(value)
        return written


def _heads(events: ReadEvents) -> Iterator[bytes]:
    for (key, _, _), user_id, session_id, occurred, original in zip(
        events.identities,
        events.user_ids,
        events.session_ids,
        events.occurred,
        events.original,
        strict=True,
    ):
        times = (8, occurred - _EPOCH_2000, 8, original - _EPOCH_2000)
        if session_id:
            yield _usual(16, key, 16, user_id, 16, session_id, *times)
        else:
            yield _sessionless(16, key, 16, user_id, -1, *times)


def _text(text: str | None) -> bytes:
    if text is None:
        return _NULL
    encoded = text.encode()
    return _length(len(encoded)) + encoded


def _instant(instant: datetime | None) -> bytes:
    return _NULL if instant is None else _time(8, microseconds(instant) - _EPOCH_2000)


def _json(text: bytes) -> bytes:
    return _jsonb(len(text) + 1, _JSONB_VERSION) + text
