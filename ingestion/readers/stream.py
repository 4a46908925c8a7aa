"""One learner's stream: parted into sessions, stamped with ids and times; streams merged."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from ingestion.readers.identity import EventIds, earliest_id, name_uuid, write_instant

EventDict: TypeAlias = dict[str, Any]
"""An event in the HTTP shape: JSON values only, absent fields left out."""

GAP_MILLISECONDS = 30 * 60 * 1000


class SessionParting:
    """Parts a learner's actions into sessions by gaps of more than 30 minutes."""

    def __init__(self, source: str, learner: str) -> None:
        self._name = (source, learner)
        self._last: int | None = None
        self._session_id = ""

    def place(self, millisecond: int) -> tuple[str, bool]:
        """Give the session of an action, and whether the action opens it; call in time order."""
        opens = self._last is None or millisecond - self._last > GAP_MILLISECONDS
        if opens:
            self._session_id = str(name_uuid(*self._name, "session", str(millisecond)))
        self._last = millisecond
        return self._session_id, opens


class Stamp:
    """Makes whole events of one learner's facts; call in time order."""

    def __init__(self, source: str, learner: str) -> None:
        self._user_id = str(name_uuid(source, learner))
        self._ids = EventIds(f"{source}/{learner}")

    def event(self, millisecond: int, session_id: str | None, fact: EventDict) -> EventDict:
        """Complete a fact (event type, what it concerns, properties) with who and when."""
        event = {
            "event_id": self._ids.issue(millisecond),
            "event_type": fact["event_type"],
            "user_id": self._user_id,
            "session_id": session_id,
            "occurred_at": write_instant(millisecond),
            **fact,
        }
        if session_id is None:
            del event["session_id"]
        return event


def merge_streams(
    streams: Iterable[tuple[int, Callable[[], Iterator[EventDict]]]],
) -> Iterator[EventDict]:
    """Merge ordered streams by (`occurred_at`, `event_id`): (no event is before, open it).

    The first number (Unix milliseconds) must be no later than the stream's first event. A stream
    is opened only when its time has come, so that memory holds the learners of one time, not all.
    """
    heap: list[tuple[str, int, EventDict | None, Iterator[EventDict] | None]] = []
    openers = []
    for number, (earliest, opener) in enumerate(streams):
        openers.append(opener)
        heap.append((earliest_id(earliest), number, None, None))
    heapq.heapify(heap)
    while heap:
        _, number, event, stream = heap[0]
        if stream is None:
            stream = openers[number]()
        elif event is not None:
            yield event
        following = next(stream, None)
        if following is None:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (following["event_id"], number, following, stream))
