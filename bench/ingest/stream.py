"""The events sent: a simulated cohort's, in order of time, never the same twice."""

import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import psycopg

from ingestion.simulation import simulate
from ingestion.store.partitions import make_months

Event = dict[str, Any]

_RANDOM_BITS = 62  # of a UUIDv7, below its time, version and variant
# What the clock of the service and of this process may differ by, and more.
_BEFORE_NOW = timedelta(hours=1)


class EventStream:
    """One long simulated stream of all event types, dealt out in pieces.

    It ends an hour ago and holds `learners` * `days` * 95 events, or a few more. Ids lie at the
    end of the key, as those of live traffic do: no piece goes where an earlier one lies already.
    """

    def __init__(self, *, learners: int, days: int, seed: int) -> None:
        end = datetime.now(UTC).replace(microsecond=0) - _BEFORE_NOW
        self.begins, self.ends = end - timedelta(days=days), end
        self._events = simulate(learners, days, seed, end)

    def draw(self, count: int) -> list[Event]:
        """The next events of the stream. Raises RuntimeError where it holds fewer."""
        events = list(islice(self._events, count))
        if len(events) < count:
            raise RuntimeError("the simulated stream is used up: more learners or days are needed")
        return events

    def open_months(self, url: str) -> None:
        """Make the months that the stream falls in."""
        with psycopg.connect(url) as owner:
            make_months(owner, self.begins.date(), self.ends.date())


def with_fresh_ids(events: Iterable[Event]) -> Iterator[Event]:
    """The same events once more, each with another id of the same instant.

    So the second copy takes the same place in every index, and the same bytes.
    """
    for event in events:
        yield {**event, "event_id": str(_redraw(UUID(event["event_id"])))}


def damaged(event: Event) -> Event:
    """The event as no client may send it: refused by name, for a property nobody knows."""
    return {**event, "properties": {**event["properties"], "no_such_property": 1}}


def _redraw(event_id: UUID) -> UUID:
    kept = event_id.int >> _RANDOM_BITS << _RANDOM_BITS
    return UUID(int=kept | secrets.randbits(_RANDOM_BITS))
