"""From bytes on the wire to a batch: bounded, inflated, parsed."""

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

import msgspec
from fastapi import Request

from ingestion.api.depth import MOST_LEVELS, is_too_deep
from ingestion.api.errors import RequestRefusedError
from ingestion.api.settings import IngestionSettings
from ingestion.events.decoding import UNREADABLE, decode_batch
from ingestion.events.instants import parse_instant
from ingestion.landing.judging import JudgedBatch, judge_decoded, judge_texts, judge_values

_JSON_TYPES = ("", "application/json", "text/plain")  # text/plain: what sendBeacon sends
_LEVELS_OUTSIDE = 2  # the batch and its list, around each event
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of one request, still unjudged, and when the client says it sent them.

    Of the three forms it has one: `decoded` by the shapes of the plan, `texts`, the events' own
    bytes, or `events`, parsed.
    """

    body: bytes
    sent_at: datetime | None
    decoded: Sequence[Any] | None = None
    texts: Sequence[bytes] | None = None
    events: Sequence[object] = ()

    @property
    def size(self) -> int:
        """How many events it holds."""
        return len(next(one for one in (self.decoded, self.texts, self.events) if one is not None))

    def judge(self, *, received_at: datetime, context: Mapping[str, object]) -> JudgedBatch:
        """Hold every event against the tracking plan.

        Raises `RequestRefusedError` (400) where the body shows not to be JSON only now.
        """
        told: _Told = {"received_at": received_at, "sent_at": self.sent_at, "context": context}
        if self.decoded is not None:
            return judge_decoded(self.decoded, payload_at=_payloads(self.body), **told)
        if self.texts is None:
            return judge_values(self.events, **told)
        try:
            return judge_texts(self.texts, **told)
        except (ValueError, RecursionError) as error:
            raise _malformed(error) from error


class _Told(TypedDict):
    """What judging is told of the request."""

    received_at: datetime
    sent_at: datetime | None
    context: Mapping[str, object]


class _Document(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A batch in its usual form."""

    events: list[msgspec.Raw]
    sent_at: str | None = None


_decode = msgspec.json.Decoder(_Document).decode


async def read_batch(request: Request, *, may_be_single: bool) -> Batch:
    """Read a request's events.

    Raises `RequestRefusedError`: 400 malformed JSON, 413 too large, 415 another kind of content,
    422 not a batch.
    """
    settings: IngestionSettings = request.app.state.settings
    _require_json(request)
    body = await read_body(request, settings.max_body_bytes)
    batch = _decode_whole(body) or _split(body) or _parse_batch(body, may_be_single=may_be_single)
    require_few(batch.size, settings.max_batch_events)
    return batch


async def read_body(request: Request, most: int) -> bytes:
    """Read and inflate a body whatever it is said to be.

    Raises `RequestRefusedError`: 400 for what is no gzip, 413, 415 for another encoding.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise RequestRefusedError(415, "unsupported_encoding", "send it plain or gzipped")
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        chunks.append(chunk)
    body = b"".join(chunks)
    return _inflate(body, most) if encoding == "gzip" else body


def parse_body(body: bytes) -> object:
    """Parse a body. Raises `RequestRefusedError` (400): no JSON, or nested too deeply."""
    _require_shallow(body, MOST_LEVELS)
    try:
        # NaN and Infinity are let through here: they are one event's fault, not the batch's.
        return json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise _malformed(error) from error


def require_few(size: int, most: int) -> None:
    """Raise `RequestRefusedError` (413) for a batch of more than so many events."""
    if size > most:
        raise RequestRefusedError(
            413, "too_many_events", f"{size} events in one batch: send at most {most}"
        )


async def read_object(request: Request, most: int) -> dict[str, Any]:
    """Read a request's JSON object of at most so many bytes; no body at all is an empty one.

    Raises `RequestRefusedError`: 400 malformed JSON, 413 too large, 415 another kind of content,
    422 no object.
    """
    _require_json(request)
    body = await read_body(request, most)
    document = parse_body(body) if body else {}
    if not isinstance(document, dict):
        raise RequestRefusedError(422, "not_an_object", "the body is not a JSON object")
    return document


def _decode_whole(body: bytes) -> Batch | None:
    """Read a batch of which every event has a shape; None leaves it to the next best way."""
    decoded = decode_batch(body)
    if decoded is None:
        return None
    events, sent_at = decoded
    return Batch(body, _sent_at(sent_at), decoded=events)


def _payloads(body: bytes) -> Callable[[int], object]:
    """What gives an event of a batch as it was sent; few are asked for, so nothing is done yet."""
    texts: list[msgspec.Raw] = []

    def payload_at(position: int) -> object:
        if not texts:
            texts.extend(_decode(body).events)
        return json.loads(bytes(texts[position]))

    return payload_at


def _split(body: bytes) -> Batch | None:
    """Read a batch of the usual form up to its events; None leaves it to the careful way."""
    try:
        if not body.isascii():
            body.decode()
        document = _decode(body)
    except UNREADABLE:
        return None
    texts = [bytes(text) for text in document.events]
    for text in texts:
        _require_shallow(text, MOST_LEVELS - _LEVELS_OUTSIDE)
    return Batch(body, _sent_at(document.sent_at), texts=texts)


def _parse_batch(body: bytes, *, may_be_single: bool) -> Batch:
    document = parse_body(body)
    if not isinstance(document, dict):
        raise _not_a_batch("the body is not a JSON object")
    single = may_be_single and "events" not in document
    batch = {"events": [document], "sent_at": document.get("sent_at")} if single else document
    if unknown := sorted(batch.keys() - {"events", "sent_at"}):
        raise _not_a_batch(f"unknown field beside `events` and `sent_at`: {unknown[0][:64]!r}")
    events = batch.get("events")
    if not isinstance(events, list):
        raise _not_a_batch("`events` is missing or no list")
    # A single event judges its own sent_at: it is then that event's fault, with a verdict.
    return Batch(body, None if single else _sent_at(batch.get("sent_at")), events=events)


def _require_json(request: Request) -> None:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in _JSON_TYPES and not content_type.endswith("+json"):
        raise RequestRefusedError(415, "unsupported_media_type", "send application/json")


def _inflate(body: bytes, most: int) -> bytes:
    inflater = zlib.decompressobj(_GZIP)
    try:
        inflated = inflater.decompress(body, most + 1)
    except zlib.error as error:
        raise RequestRefusedError(400, "malformed_gzip", "the body is no gzip stream") from error
    if len(inflated) > most:
        raise _too_large(most)
    if not inflater.eof:
        raise RequestRefusedError(400, "malformed_gzip", "the gzip stream ends too early")
    return inflated


def _require_shallow(text: bytes, most: int) -> None:
    if is_too_deep(text, most):
        raise RequestRefusedError(
            400, "nested_too_deeply", f"arrays and objects are over {MOST_LEVELS} levels deep"
        )


def _malformed(error: Exception) -> RequestRefusedError:
    where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
    return RequestRefusedError(400, "malformed_json", f"the body is no JSON{where}")


def _sent_at(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        return parse_instant(value)
    except ValueError as error:
        raise _not_a_batch(f"`sent_at` {error}") from error


def _not_a_batch(why: str) -> RequestRefusedError:
    return RequestRefusedError(422, "not_a_batch", f'{why}; send {{"events": [...]}}')


def _too_large(most: int) -> RequestRefusedError:
    return RequestRefusedError(
        413, "body_too_large", f"the body is over {most} bytes (inflated): send smaller batches"
    )
