"""The state out of the log: what its events add up to, and what a replay comes to."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from ingestion.gamification.engine import Engine
from ingestion.gamification.learner_log import read_state
from ingestion.gamification.state import GAMIFICATION, LearnerState
from tests.ingestion.gamification.conftest import Log
from tests.ingestion.gamification.facts import Event, attempt, fact, local_days, stamped, submit
from tests.ingestion.gamification.recording import RULES, record, store

ZONES = st.sampled_from([None, "Asia/Tokyo", "America/Los_Angeles", "Australia/Lord_Howe", "UTC"])
QUESTIONS = st.sampled_from(["q1", "q2"])
TOPICS = st.sampled_from([{}, {"topic_id": "heart"}, {"topic_id": "lung"}])


@st.composite
def streams(draw: st.DrawFn) -> list[Event]:
    """A learner's stream in order: sessions in several timezones, and events beside them."""
    user, *sessions = (str(UUID(int=number)) for number in range(1, 5))
    at = datetime(2026, 2, 20, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 1440)))
    events = []
    for number in range(draw(st.integers(1, 25))):
        at += timedelta(minutes=draw(st.sampled_from([0, 1, 30, 400, 900, 1500, 3500])))
        session = draw(st.sampled_from([*sessions, None]))
        event = draw(happenings(session))
        events.append(stamped(event, user, at, f"{number}"))
    return sorted(events, key=lambda each: (each["occurred_at"], each["event_id"]))


def happenings(session: str | None) -> st.SearchStrategy[Event]:
    ids: dict[str, Any] = {} if session is None else {"session_id": session}
    answers = [
        st.builds(
            lambda make, question, right, topic: make(question, right=right, **ids, **topic),
            st.sampled_from([submit, attempt]),
            QUESTIONS,
            st.booleans(),
            TOPICS,
        ),
        st.builds(lambda question: attempt(question, right=None, **ids), QUESTIONS),
    ]
    others = [
        st.just(fact(**ids)),
        st.just(fact("xp_earned", properties={"xp_amount": 40}, **ids)),
        st.just(fact("level_up", properties={"new_level": 3}, **ids)),
        st.just(fact("achievement_unlocked", properties={"achievement_id": "streak-3"}, **ids)),
        st.just(fact("streak_continued", **ids)),
        st.just(fact("streak_broken", **ids)),
    ]
    if session is None:
        return st.one_of(*answers, *others)
    starts = st.builds(
        lambda zone: fact(
            "session_start", properties={} if zone is None else {"timezone": zone}, **ids
        ),
        ZONES,
    )
    return st.one_of(*answers, *others, starts)


def fold(events: Sequence[Event]) -> LearnerState:
    state = LearnerState()
    for event, day in zip(events, local_days(events), strict=True):
        state.observe(event, day)
    return state


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events=streams(), random=st.randoms())
def test_state_in_the_log_is_what_its_events_add_up_to(
    log: Log, events: list[Event], random: Any
) -> None:
    """In whatever order they came."""
    log.clear()
    shuffled = random.sample(events, len(events))
    log.run(lambda connection: store(connection, shuffled))
    (state,) = log.run(lambda connection: read_state(connection, events[0]["user_id"]))
    assert state == fold(events)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events=streams())
def test_awards_one_by_one_out_of_the_log_are_those_of_a_replay(
    log: Log, events: list[Event]
) -> None:
    """With nothing kept between two events but the log."""
    log.clear()
    facts = study_only(events)
    engine, replayed = Engine(RULES), LearnerState()
    expected = [
        engine.reward(replayed, event, day)
        for event, day in zip(facts, local_days(facts), strict=True)
    ]

    async def record_all(connection: AsyncConnection) -> tuple[list[list[Event]], LearnerState]:
        awards = [await record(connection, each) for each in facts]
        return awards, await read_state(connection, events[0]["user_id"])

    ((awarded, state),) = log.run(record_all)
    told_by_either = [
        [[(each["event_type"], each["properties"]) for each in awards] for awards in side]
        for side in (awarded, expected)
    ]
    assert told_by_either[0] == told_by_either[1]
    assert state == replayed


def study_only(events: Sequence[Event]) -> list[Event]:
    """The study events; of starts the first event of their session: a later one moves days."""
    facts, seen = [], set()
    for event in events:
        session = event.get("session_id")
        is_late = event["event_type"] == "session_start" and session in seen
        if event["event_type"] not in GAMIFICATION and not is_late:
            facts.append(event)
            seen.add(session)
    return facts
