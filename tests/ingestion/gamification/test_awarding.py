"""Awards out of the log and into it: what is stored counts, by whatever route, and once."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from ingestion.events.identity import random_uuid7
from ingestion.gamification.awarding import award
from ingestion.gamification.checking_in import CheckIn, check_in
from ingestion.gamification.engine import Engine
from ingestion.gamification.learner_log import StoredFactError, read_state
from ingestion.gamification.rules import load_rules
from ingestion.gamification.state import GAMIFICATION, LearnerState
from ingestion.landing.land import land, land_again
from ingestion.landing.verdict import Status
from tests.ingestion.gamification.conftest import Log
from tests.ingestion.gamification.facts import (
    DAY,
    NOON,
    Event,
    attempt,
    fact,
    local_days,
    stamped,
    submit,
    told,
    total,
)

RULES = load_rules()
RECEIVED = datetime(2026, 5, 20, tzinfo=UTC)


async def record(connection: AsyncConnection, event: Event) -> list[Event]:
    """What a route does: the fact and its awards in one transaction, behind the learner's lock."""
    async with connection.transaction():
        await connection.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (event["user_id"],)
        )
        awards = await award(connection, event, rules=RULES)
        report = await land_again(
            connection, [event, *awards], received_at=RECEIVED, sent_at=None, context={}
        )
        assert {each.status for each in report.results} == {Status.ACCEPTED}
        assert [each.client_event_id for each in report.results] == [None] * len(report.results)
    return awards


async def store(connection: AsyncConnection, events: Sequence[Event]) -> None:
    report = await land(connection, events, received_at=RECEIVED, sent_at=None, context={})
    assert {each.status for each in report.results} <= {Status.ACCEPTED}, report


def test_award_is_landed_after_its_fact_in_causal_order(log: Log, shared_database_url: str) -> None:
    user = str(uuid4())
    event = stamped(submit("q1", session_id=str(uuid4())), user, NOON, "one")
    (awards,) = log.run(lambda connection: record(connection, event))
    with psycopg.connect(shared_database_url) as owner:
        rows = owner.execute(
            "select event_type, session_id::text, occurred_at from raw.study_events"
            " where user_id = %s order by occurred_at, event_id",
            (user,),
        ).fetchall()
    assert [row[0] for row in rows] == [
        "question_submit",
        "streak_continued",
        "xp_earned",
        "xp_earned",
        "achievement_unlocked",
        "xp_earned",
    ]
    assert {row[1:] for row in rows} == {(event["session_id"], NOON)}
    assert total(awards) == 5 + 10 + 10


def test_fact_tried_again_has_the_same_awards(log: Log) -> None:
    event = stamped(submit(), str(uuid4()), NOON, "one")
    first, second = (
        log.run(lambda connection: award(connection, event, rules=RULES)) for _ in range(2)
    )
    assert first == second
    with pytest.raises(ValueError, match="UUIDv7"):
        log.run(
            lambda connection: award(connection, {**event, "event_id": str(uuid4())}, rules=RULES)
        )


def test_fifty_submits_at_once_add_up(log: Log) -> None:
    user = str(uuid4())
    submits = [stamped(submit("q1"), user, NOON, f"submit {number}") for number in range(50)]
    given = [
        each
        for awards in log.run(*(partial(record, event=each) for each in submits))
        for each in awards
    ]
    (state,) = log.run(lambda connection: read_state(connection, user))
    assert state.total_xp == total(given) == 5 + 10 + 49 * 5 + 10
    assert state.answers == {"q1": 50}
    assert len(told(given, "streak_continued")) == 1
    assert state.level == RULES.levels.reached_with(state.total_xp)


def test_events_of_other_routes_count(log: Log) -> None:
    user = str(uuid4())
    earlier = [
        stamped(submit(f"q{number}"), user, NOON + timedelta(minutes=number), f"batch {number}")
        for number in range(99)
    ]
    xp = stamped(fact("xp_earned", properties={"xp_amount": 95}), user, NOON, "xp")
    log.run(lambda connection: store(connection, [*earlier, xp]))
    event = stamped(submit("q0"), user, NOON + timedelta(hours=3), "one")
    (awards,) = log.run(lambda connection: record(connection, event))
    assert [each["achievement_id"] for each in told(awards, "achievement_unlocked")] == [
        "first-question",
        "questions-100",
    ]
    assert told(awards, "xp_earned")[0]["new_total_xp"] == 95 + 5
    assert [each["new_level"] for each in told(awards, "level_up")][:1] == [2]
    # q0 was answered before
    assert ("question_correct", 5) in {
        (each["xp_source"], each["xp_amount"]) for each in told(awards, "xp_earned")
    }


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("Asia/Tokyo", datetime(2026, 3, 2, 15, 0, tzinfo=UTC), date(2026, 3, 3)),
        ("Asia/Tokyo", datetime(2026, 3, 2, 14, 59, 59, tzinfo=UTC), date(2026, 3, 2)),
        ("America/New_York", datetime(2026, 3, 9, 3, 59, tzinfo=UTC), date(2026, 3, 8)),
        ("America/New_York", datetime(2026, 3, 9, 4, 0, tzinfo=UTC), date(2026, 3, 9)),
        ("Europe/Berlin", datetime(2026, 3, 29, 21, 59, tzinfo=UTC), date(2026, 3, 29)),
        ("Europe/Berlin", datetime(2026, 3, 29, 22, 0, tzinfo=UTC), date(2026, 3, 30)),
        # not its winter time all year round, as PostgreSQL takes the abbreviation
        ("CET", datetime(2026, 4, 10, 22, 30, tzinfo=UTC), date(2026, 4, 11)),
        (None, datetime(2026, 3, 2, 23, 59, tzinfo=UTC), date(2026, 3, 2)),
    ],
)
def test_day_is_the_learners_own(log: Log, zone: str | None, at: datetime, day: date) -> None:
    user, session = str(uuid4()), str(uuid4())
    named = {} if zone is None else {"timezone": zone}
    start = stamped(
        fact("session_start", session_id=session, properties=named),
        user,
        at - timedelta(minutes=30),
        "start",
    )
    log.run(lambda connection: store(connection, [start]))
    request = stamped(fact("streak_continued"), user, at, "check-in")
    for ids in ({"session_id": session}, {}):  # the session's, and the last one known
        (found,) = log.run(partial(check_in, request={**request, **ids}, rules=RULES))
        assert found.local_date == day
    # a session that named none is UTC's, whatever is known of the learner
    (found,) = log.run(
        lambda connection: check_in(
            connection, {**request, "session_id": str(uuid4())}, rules=RULES
        )
    )
    assert found.local_date == at.date()


def test_start_of_a_session_says_its_own_day(log: Log) -> None:
    at = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    zone = {"timezone": "Asia/Tokyo"}
    user = str(uuid4())
    start = stamped(
        fact("session_start", session_id=str(uuid4()), properties=zone), user, at, "start"
    )
    log.run(lambda connection: record(connection, start))
    (state,) = log.run(lambda connection: read_state(connection, user))
    assert state.study_days == state.checked_in_days == {date(2026, 3, 3)}


def test_timezone_the_server_lacks_counts_as_none(
    log: Log, shared_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, session = str(uuid4()), str(uuid4())
    start = stamped(
        fact("session_start", session_id=session, properties={"timezone": "Europe/Berlin"}),
        user,
        NOON,
        "start",
    )
    log.run(lambda connection: store(connection, [start]))
    with psycopg.connect(shared_database_url) as owner:
        owner.execute(
            'update raw.study_events set properties = \'{"timezone": "Mars/Olympus"}\''
            " where user_id = %s",
            (user,),
        )
    event = stamped(submit(session_id=session), user, NOON, "one")
    (awards,) = log.run(lambda connection: record(connection, event))
    assert told(awards, "streak_continued") != []


async def land_check_in(connection: AsyncConnection, request: Event) -> CheckIn:
    async with connection.transaction():
        await connection.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (request["user_id"],)
        )
        found = await check_in(connection, request, rules=RULES)
        if found.events:
            await land_again(
                connection, found.events, received_at=RECEIVED, sent_at=None, context={}
            )
    return found


def test_check_in_lands_one_streak_continued_a_day(log: Log) -> None:
    user = str(uuid4())
    yesterday = stamped(fact(), user, NOON - timedelta(days=1), "yesterday")
    log.run(lambda connection: store(connection, [yesterday]))
    requests = [
        {"event_id": str(random_uuid7(NOON)), "user_id": user, "occurred_at": NOON}
        for _ in range(5)
    ]
    found = log.run(*(partial(land_check_in, request=each) for each in requests))
    (landed,) = [each for each in found if each.events]
    assert [each["event_type"] for each in landed.events] == ["streak_continued", "xp_earned"]
    assert landed.events[0]["event_id"] in {each["event_id"] for each in requests}
    assert {(each.local_date, each.streak) for each in found} == {(DAY, 2)}
    # what is studied afterwards does not check in again
    event = stamped(submit(), user, NOON + timedelta(hours=1), "one")
    (awards,) = log.run(lambda connection: record(connection, event))
    assert told(awards, "streak_continued") == []
    (state,) = log.run(lambda connection: read_state(connection, user))
    assert state.checked_in_days == {DAY}


def test_what_is_stored_is_not_awarded_again(log: Log) -> None:
    event = stamped(submit(), str(uuid4()), NOON, "one")
    log.run(partial(record, event=event))
    with pytest.raises(StoredFactError, match=event["event_id"]):
        log.run(partial(award, fact=event, rules=RULES))
    with pytest.raises(StoredFactError):
        log.run(partial(check_in, request=event, rules=RULES))


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
