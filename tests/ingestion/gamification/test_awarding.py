"""Awards out of the log and into it: what is stored counts, by whatever route, and once."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import psycopg
import pytest

from ingestion.gamification.awarding import award
from ingestion.gamification.checking_in import check_in
from ingestion.gamification.learner_log import StoredFactError, read_state
from tests.ingestion.gamification.conftest import Log
from tests.ingestion.gamification.facts import NOON, fact, stamped, submit, told, total
from tests.ingestion.gamification.recording import RULES, record, store


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


def test_what_is_stored_is_not_awarded_again(log: Log) -> None:
    event = stamped(submit(), str(uuid4()), NOON, "one")
    log.run(partial(record, event=event))
    with pytest.raises(StoredFactError, match=event["event_id"]):
        log.run(partial(award, fact=event, rules=RULES))
    with pytest.raises(StoredFactError):
        log.run(partial(check_in, request=event, rules=RULES))
