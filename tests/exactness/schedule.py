"""What is done between the waves of a batch: loads, and everything that may happen to a load."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import hypothesis.strategies as st

from tests.exactness.cases import Case

MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)

# From an event to the instant a load is evaluated at: the edges of a timeout, of a broken streak,
# of windows of 7, 28 and 90 days; and instants at which the event is still to come.
AFTER_AN_EVENT = (
    *[30 * MINUTE] * 4,
    30 * MINUTE - MICROSECOND,
    timedelta(0),
    -90 * MINUTE,
    *(timedelta(days=days, hours=hours) for days in (0, 1, 2, 7, 28, 90) for hours in (3, 20)),
)


class Disturbance(StrEnum):
    """What happens to the load of a step."""

    NONE = "load"
    CUT_SHORT = "load killed between two models"
    TERMINATED = "load killed within a model"
    BACKFILL = "backfill"
    REFRESH_ONE = "full refresh of one model"
    REFRESH_ALL = "full refresh"
    BY_HAND = "model built by hand"


# These build anew what may be wrong, so they come early, and are not the last word.
HEALING = (
    Disturbance.REFRESH_ONE,
    Disturbance.BACKFILL,
    Disturbance.REFRESH_ALL,
    Disturbance.BY_HAND,
)
_HELD = st.sampled_from([None, None, None, None, None, None, 0, 2])
KILLS = (Disturbance.TERMINATED, Disturbance.CUT_SHORT)
FEWEST_WAVES = 10
"""A schedule of fewer has no room for what has to happen in it."""


@dataclass(frozen=True)
class Step:
    """A wave arrives and a load is run. `target` picks a model; `days` are those of a backfill;
    `held` is the third of the wave that commits only after the load.
    """

    as_of: datetime
    disturbance: Disturbance = Disturbance.NONE
    target: int = 0
    days: tuple[date, date] | None = None
    held: int | None = None


Schedule = tuple[Step, ...]


@st.composite
def schedules(draw: st.DrawFn, cases: Sequence[Case], waves: int, turn: int) -> Schedule:
    """A schedule of one step for each wave, about the instants of these cases.

    One load in five is killed, another is of a HEALING kind; `turn` says which of these kinds come
    first, where there is no room for all. `waves` is FEWEST_WAVES at least.
    """
    events = [event for case in cases for event in case.events]
    disturbances = _disturb(draw, waves, turn)
    back = draw(st.sampled_from(_undisturbed(disturbances)))
    instants = _draw_instants(draw, _find_ends(cases), waves, back)
    days = st.sampled_from(sorted({event.at.date() for event in events}))
    return tuple(
        Step(
            as_of=instants[place],
            disturbance=disturbances[place],
            target=draw(st.integers(0, 1_000)),
            days=_in_order(draw(days), draw(days)),
            held=None if place == back else draw(_HELD),
        )
        for place in range(waves)
    )


def _find_ends(cases: Sequence[Case]) -> list[datetime]:
    """When the last event of each session happens."""
    ends = {
        (number, event.session): event.at
        for number, case in enumerate(cases)
        for event in case.events
    }
    return [*ends.values()]


def _draw_instants(
    draw: st.DrawFn, ends: Sequence[datetime], waves: int, back: int
) -> list[datetime]:
    """Instants about the ends of sessions, ever later, but for one that goes back."""
    instants = sorted(
        draw(st.sampled_from(ends)) + draw(st.sampled_from(AFTER_AN_EVENT)) for _ in range(waves)
    )
    instants[back] = draw(st.sampled_from(instants[:back])) - 10 * MINUTE
    return instants


def _undisturbed(disturbances: Sequence[Disturbance]) -> list[int]:
    """Steps whose load is plain and all their own: none is left unfinished by the one before."""
    plain = [
        place
        for place, kind in enumerate(disturbances)
        if place > 1 and kind is Disturbance.NONE and disturbances[place - 1] not in KILLS
    ]
    return plain or [len(disturbances) - 1]


def _disturb(draw: st.DrawFn, waves: int, turn: int) -> list[Disturbance]:
    disturbances = [Disturbance.NONE] * waves
    if draw(st.booleans()):
        disturbances[0] = Disturbance.CUT_SHORT
    room = waves // 5
    healing = [HEALING[(turn * room + number) % len(HEALING)] for number in range(room)]
    # the second load makes what tables the first did not; before it there is none to lock
    early = draw(st.permutations(range(2, max(waves // 2, 2 + room))))
    disturbances = _put(disturbances, early, healing)
    plain = [place for place in range(2, waves) if disturbances[place] is Disturbance.NONE]
    kills = [KILLS[number % len(KILLS)] for number in range(room)]
    return _put(disturbances, draw(st.permutations(plain)), kills)


def _put(
    among: Sequence[Disturbance], places: Sequence[int], kinds: Sequence[Disturbance]
) -> list[Disturbance]:
    put = dict(zip(places, kinds, strict=False))
    return [put.get(place, kind) for place, kind in enumerate(among)]


def _in_order(one: date, other: date) -> tuple[date, date]:
    return min(one, other), max(one, other)
