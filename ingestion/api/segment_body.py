"""From the body of a Segment call to trimmed messages, and to the key that may be in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from pydantic_core import PydanticCustomError

from ingestion.api.auth import may_read_for_key, require_writer, require_writer_with
from ingestion.api.body import parse_body, read_body, require_few
from ingestion.api.errors import RequestRefusedError
from ingestion.api.settings import IngestionSettings
from ingestion.events.instants import parse_instant
from ingestion.segment.messages import trim_message

# Segment's SDKs send at most 500 kB. So much is read of whoever has not shown a key yet.
_STRANGERS_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class SegmentCall:
    """The messages of one request, trimmed, and when the SDK says it sent them."""

    messages: list[object]
    sent_at: datetime | None
    size_bytes: int


async def read_call(request: Request, call: str | None) -> SegmentCall:
    """Read a request and let its writer in; `call` is None for a batch.

    Raises `RequestRefusedError`: all that `require_writer` raises, 400, 413, 415 for an encoding,
    422 for what is no message or batch of messages.
    """
    settings: IngestionSettings = request.app.state.settings
    key_is_in_body = await may_read_for_key(request)
    if not key_is_in_body:
        await require_writer(request)
    most = settings.max_body_bytes
    body = await read_body(request, min(most, _STRANGERS_BYTES) if key_is_in_body else most)
    document = parse_body(body)
    if key_is_in_body:
        await require_writer_with(request, _find_key(document))
    if not isinstance(document, dict):
        raise _not_a_call("the body is not a JSON object")
    if call is not None:
        return SegmentCall([trim_message(document, call=call)], None, len(body))
    batch = document.get("batch")
    if not isinstance(batch, list):
        raise _not_a_call("`batch` is missing or no list")
    require_few(len(batch), settings.max_batch_events)
    sent_at = _sent_at(document)
    messages = [trim_message(message, in_batch=sent_at is not None) for message in batch]
    return SegmentCall(messages, sent_at, len(body))


def _find_key(document: object) -> str | None:
    key = document.get("writeKey") if isinstance(document, dict) else None
    return key if isinstance(key, str) and key else None


def _sent_at(document: Mapping[str, Any]) -> datetime | None:
    value = document.get("sentAt")
    try:
        return None if value is None else parse_instant(value)
    except PydanticCustomError as error:
        raise _not_a_call(f"`sentAt` {error}") from error


def _not_a_call(why: str) -> RequestRefusedError:
    return RequestRefusedError(422, "not_a_batch", f'{why}; send {{"batch": [...]}} or a message')
