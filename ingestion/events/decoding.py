"""Events decoded from JSON by their shapes: a whole batch in one call, or text by text.

What has no shape is not refused here: whoever decodes leaves it to `validate_event`, which alone
finds the words.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Union

import msgspec

from ingestion.events.shapes import shapes

# Only with this escape can a text hold a NUL, which PostgreSQL does not keep.
_NUL_ESCAPE = b"\\u0000"
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def decode_batch(body: bytes) -> tuple[list[Any], str | None] | None:
    """The events of `{"events": [...], "sent_at"?}`, and its `sent_at` as it stands there.

    None unless the body is just that and every event has a shape: one that has none costs a second
    look at all of them, which is dear, and rare. Shapes have a depth, so what is read has one, too.
    """
    if _NUL_ESCAPE in body:
        return None
    try:
        if not body.isascii():
            body.decode()  # msgspec does not look where it keeps no text
        batch = _batch_decoder()(body)
    except UNREADABLE:
        return None
    return batch.events, batch.sent_at


def decode_each(texts: Sequence[bytes]) -> tuple[list[int], list[Any]]:
    """The texts that have a shape, decoded; their positions beside them."""
    decode = _event_decoder()
    positions: list[int] = []
    events: list[Any] = []
    for position, text in enumerate(texts):
        if _NUL_ESCAPE in text:
            continue
        try:
            event = decode(text)
        except UNREADABLE:
            continue
        positions.append(position)
        events.append(event)
    return positions, events


def _any_event() -> Any:
    return Union[tuple(shape.struct for shape in shapes().values())]  # noqa: UP007 (of values)


@cache
def _event_decoder() -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(_any_event()).decode


@cache
def _batch_decoder() -> Callable[[bytes], Any]:
    batch = msgspec.defstruct(
        "batch",
        [("events", list[_any_event()]), ("sent_at", str | None, None)],  # type: ignore[misc]
        forbid_unknown_fields=True,
        gc=False,
    )
    return msgspec.json.Decoder(batch).decode
