"""Random events about the turn of a month, half of which come when the month before is archived."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random

import pandas as pd

from tests.dbt_project.random_streams import draw_events
from tests.dbt_project.streams import StudyEvent

TURN = datetime(2024, 3, 1, tzinfo=UTC)
BEFORE, AFTER = date(2024, 2, 1), date(2024, 3, 1)
AS_OF = datetime(2026, 3, 15, 0, 30, tzinfo=UTC)
"""The month before the turn is over two years old, the one after it is not."""


def draw_waves(seed: int) -> tuple[list[StudyEvent], list[StudyEvent]]:
    """What comes before the archive, and what comes after it, of the same sessions: the later wave
    is of the open month alone, for events of the archived one are refused.
    """
    worlds: dict[str, list[StudyEvent]] = defaultdict(list)
    for event in draw_events(seed):
        worlds[event.learner.rpartition(" ")[0]].append(event)
    dice = Random(seed)
    first: list[StudyEvent] = []
    later: list[StudyEvent] = []
    for events in worlds.values():
        instants = sorted(event.at for event in events)
        shift = TURN - instants[len(instants) // 2]
        for event in (replace(event, at=event.at + shift) for event in events):
            (later if event.at >= TURN and dice.random() < 0.6 else first).append(event)
    dice.shuffle(first)
    dice.shuffle(later)
    return first, later


def differ(one: Mapping[str, pd.DataFrame], other: Mapping[str, pd.DataFrame]) -> list[str]:
    """The tables in which two warehouses differ, in any row or bit of one; [] where in none."""
    assert one.keys() == other.keys()
    return [name for name in one if _rows(one[name]) != _rows(other[name])]


def _rows(frame: pd.DataFrame) -> Sequence[str]:
    columns = sorted(frame.columns)
    return sorted(repr(row) for row in frame[columns].itertuples(index=False, name=None))
