"""Thirty days of events as they arrive: late, out of order, doubled."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestion.simulation import simulate

Event = dict[str, Any]

DAYS = 30
# A Monday; Europe's and America's clocks go back meanwhile.
START = datetime(2025, 10, 13, tzinfo=UTC)
END = START + timedelta(days=DAYS)

_LATE, _VERY_LATE, _DOUBLED = 0.10, 0.02, 0.05


@dataclass(frozen=True)
class Arrival:
    """An event, and when it is received."""

    at: datetime
    event: Event


def make_arrivals(users: int, seed: int) -> list[Arrival]:
    """What arrives, in the order of arrival. Everything has arrived at END.

    Without the broken streaks the app tells of: the streaks' job tells of each in time, and one the
    app tells late is rightly said to be told twice.
    """
    chance = random.Random(seed)
    events: Iterable[Any] = simulate(users, DAYS, seed, END - timedelta(hours=1))
    sent = (dict(event) for event in events if event["event_type"] != "streak_broken")
    arrivals = [each for event in sent for each in _arrive(event, chance)]
    return sorted(arrivals, key=lambda each: each.at)


def _arrive(event: Event, chance: random.Random) -> Sequence[Arrival]:
    occurred = datetime.fromisoformat(str(event["occurred_at"]))
    drawn = chance.random()
    if drawn < _VERY_LATE:
        delay = timedelta(days=chance.uniform(1, 8))
    elif drawn < _LATE:
        delay = timedelta(hours=chance.uniform(0, 20))
    else:
        delay = timedelta(seconds=chance.uniform(0, 90))
    # What comes last comes in time for the last run.
    first = min(occurred + delay, END - timedelta(minutes=chance.uniform(1, 20)))
    again = min(first + timedelta(hours=chance.uniform(0, 30)), END - timedelta(minutes=1))
    doubled = [Arrival(again, event)] if chance.random() < _DOUBLED else []
    return [Arrival(first, event), *doubled]
