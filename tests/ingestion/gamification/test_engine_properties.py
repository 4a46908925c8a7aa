"""What holds of the engine whatever happens."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingestion.gamification.engine import Engine
from ingestion.gamification.rules import load_rules
from ingestion.gamification.state import LearnerState
from tests.ingestion.gamification.facts import (
    DAY,
    ONE_DAY,
    Event,
    attempt,
    fact,
    submit,
    told,
    total,
)

RULES = load_rules()
ENGINE = Engine(RULES)

QUESTIONS = st.sampled_from(["q1", "q2", "q3"])
SESSIONS = st.sampled_from([{}, {"session_id": "s"}, {"session_id": "t"}])
TOPICS = st.sampled_from([{}, {"topic_id": "heart"}, {"topic_id": "lung"}])


def merged(*parts: dict[str, str]) -> dict[str, str]:
    return {name: value for part in parts for name, value in part.items()}


FACTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        lambda make, question, right, ids: make(question, right=right, **ids),
        st.sampled_from([submit, attempt]),
        QUESTIONS,
        st.booleans(),
        st.builds(merged, SESSIONS, TOPICS),
    ),
    st.builds(lambda question, ids: attempt(question, right=None, **ids), QUESTIONS, SESSIONS),
    st.just(fact("material_complete")),
    st.just(fact("search_performed")),
    st.builds(
        lambda right: fact("quiz_complete", properties={"correct_answers": right}),
        st.integers(0, 120),
    ),
    st.builds(lambda xp: fact("xp_earned", properties={"xp_amount": xp}), st.integers(0, 5_000)),
)
STREAMS = st.lists(st.tuples(FACTS, st.integers(-1, 4)), max_size=60)


def play(stream: Sequence[tuple[Event, int]]) -> tuple[LearnerState, list[tuple[Event, date]]]:
    """Live a stream of facts, each so many days after the one before; give all that is told."""
    state, day, log = LearnerState(), DAY, list[tuple[Event, date]]()
    for event, days in stream:
        day += days * ONE_DAY
        awards = ENGINE.reward(state, event, day)
        log += [(each, day) for each in (event, *awards)]
    return state, log


@given(STREAMS)
def test_totals_are_the_sums_of_the_awards(stream: list[tuple[Event, int]]) -> None:
    state, log = play(stream)
    assert state.total_xp == total(event for event, _ in log)
    claimed = 0
    for event, _ in log:
        if event["event_type"] == "xp_earned":
            claimed += event["properties"]["xp_amount"]
            assert event["properties"].get("new_total_xp", claimed) == claimed


@given(STREAMS)
def test_state_is_what_all_that_was_told_adds_up_to(stream: list[tuple[Event, int]]) -> None:
    state, log = play(stream)
    again = LearnerState()
    for event, day in log:
        again.observe(event, day)
    assert again == state


@given(STREAMS)
def test_levels_rise_and_fit_the_total(stream: list[tuple[Event, int]]) -> None:
    state, log = play(stream)
    level = 1
    for rise in told([event for event, _ in log], "level_up"):
        assert rise["old_level"] == level < rise["new_level"]
        assert RULES.levels.begins_at(rise["new_level"]) <= rise["total_xp"]
        level = rise["new_level"]
    assert state.level == level
    last = [event for event, _ in log if event["event_type"] == "xp_earned"][-1:]
    if last and "xp_source" in last[0]["properties"]:  # ours, not another sender's
        assert level == RULES.levels.reached_with(state.total_xp)


@given(STREAMS)
def test_nothing_is_unlocked_or_checked_in_twice(stream: list[tuple[Event, int]]) -> None:
    _, log = play(stream)
    unlocked = [
        each["achievement_id"] for each in told([e for e, _ in log], "achievement_unlocked")
    ]
    assert len(unlocked) == len(set(unlocked))
    days = [day for event, day in log if event["event_type"] == "streak_continued"]
    assert len(days) == len(set(days))


@given(STREAMS, FACTS)
def test_same_state_and_fact_give_the_same_awards(
    stream: list[tuple[Event, int]], event: Event
) -> None:
    state, _ = play(stream)
    first, second = deepcopy(state), deepcopy(state)
    assert ENGINE.reward(first, event, DAY) == ENGINE.reward(second, event, DAY)
    assert first == second


@given(st.lists(st.integers(0, 40), max_size=30), st.randoms())
def test_streaks_do_not_hang_on_the_order_in_which_days_are_told(
    offsets: list[int], random: Any
) -> None:
    shuffled = random.sample(offsets, len(offsets))
    told_so, told_otherwise = LearnerState(), LearnerState()
    for one, other in zip(offsets, shuffled, strict=True):
        told_so.observe(fact(), DAY + one * ONE_DAY)
        told_otherwise.observe(fact(), DAY + other * ONE_DAY)
    assert told_so == told_otherwise
    assert told_so.longest_streak() == max(
        (told_so.streak_through(d) for d in told_so.study_days), default=0
    )
