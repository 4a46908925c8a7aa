"""Check-ins, and the local day of what happens."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import uuid4

import psycopg
import pytest

from ingestion.events.identity import random_uuid7
from ingestion.gamification.checking_in import check_in
from ingestion.gamification.learner_log import read_state
from tests.ingestion.gamification.conftest import Log
from tests.ingestion.gamification.facts import DAY, NOON, fact, stamped, submit, told
from tests.ingestion.gamification.recording import RULES, land_check_in, record, store


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
