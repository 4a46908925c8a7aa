"""How cases are drawn: crowded streams about the edges of definitions, arriving in odd ways.

Everything is Hypothesis' own choice, so that it varies what it drew before instead of rolling
dice anew: two learners, a handful of sessions, two questions, materials and topics, visits that
lie a day, a week or two years apart, and steps between events that are the edges themselves.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import product
from math import prod
from random import Random
from typing import TypeVar

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.dbt_project.streams import StudyEvent
from tests.end_to_end.hostile import EVENT_TYPES, LIKELIHOOD_OF_STEPS, OPTIONAL, REQUIRED, STEPS
from tests.exactness.cases import Case, Waves

Clock = tuple[str, datetime]
Draw = st.DrawFn
T = TypeVar("T")

IDLE_LIMIT = timedelta(minutes=30)
LONGEST = 40
"""The most events of one case."""

# Whole days from a visit to the batch's moment: streaks and their gaps, the week before, windows
# of 28 and 90 days, and what a sender may be late by.
DAYS_BEFORE = (0, 0, 0, 1, 1, 2, 3, 6, 7, 8, 14, 27, 28, 90, 91, 400, 729)
LEARNERS = ("ann", "ben")
ABOUT_QUESTIONS = ("question_view", "question_attempt", "question_submit")
ABOUT_HINTS = ("ai_hint_requested", "ai_explanation_requested")
ANSWER: dict[str, Sequence[object]] = {
    "time_to_answer_seconds": [0, 0.5, 0.1, 12, 86_400],
    "confidence_level": [1, 5],
    "selected_answer": ["A", "", "é"],
    "correct_answer": ["A"],
    "is_first_attempt": [True, False],
    "attempt_number": [1, 2, 3],
    "hint_used": [True, False],
}


_WARM_UP = 5
_MOST_FURTHER_SEEDS = 5
_FURTHER = 1_000_003  # apart from the seeds of other batches


def draw_examples(strategy: st.SearchStrategy[T], count: int, number: int) -> list[T]:
    """Let Hypothesis draw `count` different examples, always the same for the same seed `number`.

    The first it tries are the smallest there are, and test little: they are left out.
    """
    drawn: dict[str, T] = {}
    # Hypothesis repeats itself now and then: what is short comes from a further seed.
    for further in range(_MOST_FURTHER_SEEDS):
        for text, example in _draw_once(strategy, count, number + further * _FURTHER).items():
            drawn.setdefault(text, example)
        if len(drawn) >= count:
            return [*drawn.values()][:count]
    raise ValueError(f"of {count} examples only {len(drawn)} are different")


def _draw_once(strategy: st.SearchStrategy[T], count: int, number: int) -> dict[str, T]:
    found: dict[str, T] = {}

    @seed(number)
    @settings(
        max_examples=count + count // 2 + _WARM_UP,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=[*HealthCheck],
    )
    @given(strategy)
    def collect(example: T) -> None:
        found.setdefault(str(example), example)

    collect()
    return dict([*found.items()][_WARM_UP : _WARM_UP + count])


@st.composite
def cases(draw: Draw, clock: Clock, waves: int, manner: "Manner") -> Case:
    """One case about the moment of a clock, arriving in a manner before up to `waves` loads."""
    events: list[StudyEvent] = []
    for number in range(draw(_VISITS)):
        events += _visit(draw, clock, number)
    events.sort(key=lambda event: (event.at, event.event_id))
    kept = tuple(events[:LONGEST])
    again = [
        (draw(st.integers(0, len(kept) - 1)), draw(st.integers(0, waves - 1)))
        for _ in range(draw(_AGAIN))
    ]
    offers: list[Waves] = [
        (first, *(wave for place, wave in again if place == number))
        for number, first in enumerate(manner(draw, kept, waves))
    ]
    return Case(kept, tuple(offers))


def _visit(draw: Draw, clock: Clock, number: int) -> list[StudyEvent]:
    timezone, moment = clock
    at = moment - timedelta(days=draw(_DAYS_BEFORE), minutes=draw(_MINUTES_BEFORE))
    events = []
    for place in range(draw(_LENGTH)):
        at += draw(_STEP)
        event_type = "session_start" if place == 0 and draw(st.booleans()) else draw(_TYPE)
        tab, is_foreign = draw(_WHERE)
        if tab == "" and event_type.startswith("session_"):
            tab = "0"
        # the third tab is the same in all visits
        session = None if tab == "" else f"s{tab}" if tab == "2" else f"s{number}{tab}"
        events.append(
            StudyEvent(
                event_type,
                at,
                LEARNERS[(number + is_foreign) % 2],
                session,
                draw(_ids(event_type)),
                draw(_properties(event_type, timezone)),
                f"{number}.{place}",
            )
        )
    return events


@cache
def _ids(event_type: str) -> st.SearchStrategy[dict[str, str]]:
    values: dict[str, Sequence[object]] = {"topic_id": ["t1", "t1", "t2", None]}
    if event_type.startswith("material_"):
        values |= {"material_id": ["m1", "m2"], "chunk_id": ["k1", "1", None, None]}
    if event_type in ABOUT_QUESTIONS or event_type in ABOUT_HINTS:
        values["question_id"] = ["q1", "q1", "q2"]
    if event_type == "topic_explored":
        values["topic_id"] = ["t1", "t2"]
    return st.sampled_from([{k: str(v) for k, v in one.items()} for one in _variants(values)])


@cache
def _properties(event_type: str, timezone: str) -> st.SearchStrategy[dict[str, object]]:
    required = dict(REQUIRED.get(event_type, {}))
    optional = dict(OPTIONAL.get(event_type, {}))
    match event_type:
        case "question_attempt":
            optional |= ANSWER | {"is_correct": [True, False]}
        case "question_submit":
            optional |= ANSWER
            required["is_correct"] = [True, False]
        case "session_start":
            # no midnight is crossed where nobody says whose it is
            required["timezone"] = [*[timezone] * 5, "UTC", "Asia/Tokyo", None]
            optional["device_type"] = ["web", "mobile"]
    unsaid = {name: [*values, *[None] * len(values)] for name, values in optional.items()}
    return st.sampled_from(_variants(required | unsaid))


def _variants(values: Mapping[str, Sequence[object]]) -> list[dict[str, object]]:
    """Combinations of values, None meaning that nothing is said: all, or a fair sample of many."""
    names = [*values]
    most = 200
    if prod(map(len, values.values())) <= most:
        combined = [*product(*values.values())]
    else:
        dice = Random(" ".join(names))
        combined = [tuple(dice.choice(some) for some in values.values()) for _ in range(most)]
    return [
        {name: value for name, value in zip(names, one, strict=True) if value is not None}
        for one in combined
    ]


def _weighted(choices: Sequence[T], weights: Sequence[int]) -> st.SearchStrategy[T]:
    return st.sampled_from(
        [choice for choice, weight in zip(choices, weights, strict=True) for _ in range(weight)]
    )


_STEP = _weighted(STEPS, LIKELIHOOD_OF_STEPS)
_TYPE = _weighted([*EVENT_TYPES], [*EVENT_TYPES.values()])
_VISITS = st.sampled_from([2, 3, 3, 4, 5])
_LENGTH = st.integers(3, 12)
_AGAIN = st.integers(0, 3)
_DAYS_BEFORE = st.sampled_from(DAYS_BEFORE)
_MINUTES_BEFORE = st.sampled_from([90, 40, 20, 5])
# mostly in one of a visit's two tabs, mostly by the learner whose visit it is
_WHERE = st.sampled_from([*product(["", "0", "0", "0", "1", "1", "2"], [0, 0, 0, 0, 0, 0, 1])])


def _at_once(draw: Draw, events: Sequence[StudyEvent], waves: int) -> list[int]:
    return [draw(st.integers(0, waves - 1))] * len(events)


def _one_by_one(draw: Draw, events: Sequence[StudyEvent], waves: int) -> list[int]:
    in_order = [place * waves // len(events) for place in range(len(events))]
    return in_order[::-1] if draw(st.booleans()) else in_order


def _shuffled(draw: Draw, events: Sequence[StudyEvent], waves: int) -> list[int]:
    count = len(events)
    return draw(st.lists(st.integers(0, waves - 1), min_size=count, max_size=count))


def _cut(draw: Draw, events: Sequence[StudyEvent], waves: int) -> list[int]:
    return sorted(_shuffled(draw, events, waves))


def _backwards(draw: Draw, events: Sequence[StudyEvent], waves: int) -> list[int]:
    return _cut(draw, events, waves)[::-1]


def _starts_last(draw: Draw, events: Sequence[StudyEvent], waves: int) -> list[int]:
    """A session's start, and with it the timezone of all its events, comes after them."""
    starts = [n for n, event in enumerate(events) if event.event_type == "session_start"]
    return _delayed(draw, events, waves, starts)


def _bridges_last(draw: Draw, events: Sequence[StudyEvent], waves: int) -> list[int]:
    """What comes last joins events of a session that lay too far apart, or begins it anew."""
    late = []
    for session in {event.session for event in events if event.session}:
        places = [n for n, event in enumerate(events) if event.session == session]
        late += [
            middle
            for before, middle, after in zip(places, places[1:], places[2:], strict=False)
            if events[after].at - events[before].at > IDLE_LIMIT
        ]
        late += places[:1] if len({events[n].learner for n in places}) > 1 else []
    return _delayed(draw, events, waves, late)


def _stragglers(draw: Draw, events: Sequence[StudyEvent], waves: int) -> list[int]:
    """Everything has long been loaded when a few events come."""
    late = [draw(st.integers(0, len(events) - 1)) for _ in range(draw(st.integers(1, 3)))]
    return _delayed(draw, events, waves, late)


def _delayed(
    draw: Draw, events: Sequence[StudyEvent], waves: int, late: Collection[int]
) -> list[int]:
    loaded = draw(st.integers(0, waves - 2))
    return [
        draw(st.integers(loaded + 1, waves - 1)) if place in late else wave * (loaded + 1) // waves
        for place, wave in enumerate(_cut(draw, events, waves))
    ]


Manner = Callable[[Draw, Sequence[StudyEvent], int], list[int]]
MANNERS: tuple[Manner, ...] = (
    _stragglers,
    _starts_last,
    _bridges_last,
    _shuffled,
    _cut,
    _backwards,
    _one_by_one,
    _at_once,
)
