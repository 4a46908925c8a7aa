"""Move a stream of events in time, so that old data can be looked at as if it were of today."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from ingestion.readers.errors import ReaderError
from ingestion.readers.identity import name_uuid, retime_uuid7
from ingestion.readers.stream import EventDict

_SECOND = timedelta(seconds=1)


def shift(events: Iterable[EventDict], end_at: datetime) -> Iterator[EventDict]:
    """Yield the events moved by one whole number of seconds, so that the last is at `end_at`.

    Where fractions of a second differ, the last event is less than a second before `end_at`, never
    after. Ids move with their time and so stay UUIDv7 of it; sessions get ids of their own, or a
    stream imported twice, as it was and moved, would melt into sessions of years. The stream is
    held in memory once (its end is known only at the end); the events given are not changed.

    Raises ValueError for a naive `end_at`, and ReaderError for an event without a readable
    `occurred_at` or one that would leave the years 1970 to 9999.
    """
    if end_at.tzinfo is None:
        raise ValueError("end_at must be an aware datetime")
    return _shift(events, end_at)


def _shift(events: Iterable[EventDict], end_at: datetime) -> Iterator[EventDict]:
    stream = list(events)
    if not stream:
        return
    seconds = (end_at - max(_occurred_at(event) for event in stream)) // _SECOND
    sessions: dict[str, str] = {}
    for event in stream:
        yield _moved(event, seconds, sessions) if seconds else event


def _moved(event: EventDict, seconds: int, sessions: dict[str, str]) -> EventDict:
    moved = {**event, "occurred_at": _later(_occurred_at(event), seconds)}
    if event.get("event_id") is not None:
        moved["event_id"] = retime_uuid7(event["event_id"], seconds * 1000)
    session_id = event.get("session_id")
    if session_id is not None:
        if session_id not in sessions:
            sessions[session_id] = str(name_uuid("moved", session_id, str(seconds)))
        moved["session_id"] = sessions[session_id]
    return moved


def _occurred_at(event: EventDict) -> datetime:
    try:
        instant = datetime.fromisoformat(event["occurred_at"])
    except (KeyError, TypeError, ValueError) as error:
        raise ReaderError(
            "an event without a readable occurred_at cannot be moved in time: give it one"
        ) from error
    if instant.tzinfo is None:
        raise ReaderError("an occurred_at without an offset cannot be moved in time: add one")
    return instant.astimezone(UTC)


def _later(instant: datetime, seconds: int) -> str:
    try:
        moved = instant + timedelta(seconds=seconds)
    except OverflowError as error:
        raise ReaderError("moving the stream would leave the years 1 to 9999") from error
    timespec = "microseconds" if moved.microsecond % 1000 else "milliseconds"
    return moved.isoformat(timespec=timespec).replace("+00:00", "Z")
