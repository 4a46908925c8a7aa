"""Broken streaks: told once, at the learner's own midnight after the missed day."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from ingestion.gamification.breaking import (
    BrokenStreaks,
    RefusedBreakError,
    find_told_twice,
    tell_broken_streaks,
)
from ingestion.landing.land import land
from ingestion.landing.verdict import Status
from tests.ingestion.gamification.conftest import Log
from tests.ingestion.gamification.facts import (
    NOON,
    ONE_DAY,
    Event,
    fact,
    local_days,
    stamped,
)

RECEIVED = datetime(2026, 5, 20, tzinfo=UTC)


def store(log: Log, *events: Event) -> None:
    async def landed(connection: AsyncConnection) -> None:
        report = await land(connection, events, received_at=RECEIVED, sent_at=None, context={})
        assert {each.status for each in report.results} <= {Status.ACCEPTED}, report

    log.run(landed)


def tell(log: Log, as_of: datetime, **options: Any) -> BrokenStreaks:
    (found,) = log.run(partial(tell_broken_streaks, as_of=as_of, received_at=RECEIVED, **options))
    return found


def told(log: Log) -> list[tuple[str, datetime, int]]:
    """Who was told of, when, and how long the streak was."""
    with psycopg.connect(log.owner_url) as owner:
        return owner.execute(
            "select user_id::text, occurred_at, (properties ->> 'old_streak')::integer"
            " from raw.study_events where event_type = 'streak_broken' order by 1, 2"
        ).fetchall()


def studied(user: str, at: datetime, zone: str | None = None, session: str | None = None) -> Event:
    """A session's start, which is study too."""
    named = {} if zone is None else {"timezone": zone}
    event = fact("session_start", properties=named, session_id=session or str(uuid4()))
    return stamped(event, user, at, f"study {at}")


@pytest.mark.parametrize(
    ("zone", "last", "midnight"),
    [
        (None, datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)),
        ("UTC", datetime(2026, 3, 2, 23, 59, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 3, 2, 15, tzinfo=UTC), datetime(2026, 3, 4, 15, tzinfo=UTC)),
        (
            "Asia/Kathmandu",
            datetime(2026, 3, 2, 12, tzinfo=UTC),
            datetime(2026, 3, 3, 18, 15, tzinfo=UTC),
        ),
        (
            "America/Los_Angeles",
            datetime(2026, 3, 3, 7, tzinfo=UTC),
            datetime(2026, 3, 4, 8, tzinfo=UTC),
        ),
        # clocks go forward on the missed day, of 23 hours
        (
            "America/New_York",
            datetime(2026, 3, 7, 20, tzinfo=UTC),
            datetime(2026, 3, 9, 4, tzinfo=UTC),
        ),
        # and back, after 25
        (
            "Europe/Berlin",
            datetime(2025, 10, 25, 20, tzinfo=UTC),
            datetime(2025, 10, 26, 23, tzinfo=UTC),
        ),
        # midnight is skipped: the day begins at one
        (
            "Africa/Cairo",
            datetime(2026, 4, 22, 12, tzinfo=UTC),
            datetime(2026, 4, 23, 22, tzinfo=UTC),
        ),
        # midnight comes twice: the day begins at the first
        (
            "America/Havana",
            datetime(2025, 10, 31, 16, tzinfo=UTC),
            datetime(2025, 11, 2, 4, tzinfo=UTC),
        ),
        ("CET", datetime(2026, 4, 10, 12, tzinfo=UTC), datetime(2026, 4, 11, 22, tzinfo=UTC)),
    ],
)
def test_streak_breaks_at_the_learners_midnight(
    log: Log, zone: str | None, last: datetime, midnight: datetime
) -> None:
    user = str(uuid4())
    store(log, studied(user, last, zone))
    assert tell(log, midnight - timedelta(microseconds=1)).told == 0
    assert tell(log, midnight).told == 1
    assert told(log) == [(user, midnight, 1)]


def test_streak_is_told_with_its_length_and_no_session(log: Log) -> None:
    user = str(uuid4())
    store(log, *(studied(user, NOON - number * ONE_DAY) for number in range(20)))
    assert tell(log, NOON + 3 * ONE_DAY).told == 1
    with psycopg.connect(log.owner_url) as owner:
        row = owner.execute(
            "select session_id, properties from raw.study_events where event_type = 'streak_broken'"
        ).fetchone()
    assert row == (None, {"old_streak": 20, "new_streak": 0, "is_new_record": False})


def test_nothing_is_told_twice_by_a_second_or_a_late_run(log: Log) -> None:
    users = [str(uuid4()) for _ in range(3)]
    store(log, *(studied(user, NOON) for user in users))
    assert tell(log, NOON + 2 * ONE_DAY) == BrokenStreaks(learners=3, told=3)
    for as_of in (NOON + 2 * ONE_DAY, NOON + 5 * ONE_DAY, NOON + 60 * ONE_DAY):
        assert tell(log, as_of) == BrokenStreaks(learners=0, told=0)
    assert len(told(log)) == 3


def test_two_runs_at_once_tell_once(log: Log) -> None:
    store(log, *(studied(str(uuid4()), NOON) for _ in range(50)))
    work = partial(tell_broken_streaks, as_of=NOON + 2 * ONE_DAY, received_at=RECEIVED)
    assert sorted(each.told for each in log.run(work, work, work)) == [0, 0, 50]
    assert len(told(log)) == 50


def test_late_run_tells_what_was_broken_meanwhile(log: Log) -> None:
    """Also of who has come back since; but nothing broken before it looks."""
    user = str(uuid4())
    days = (0, 1, 4, 8, 9)
    store(log, *(studied(user, NOON + day * ONE_DAY) for day in days))
    assert tell(log, NOON + 12 * ONE_DAY, lookback=5 * ONE_DAY).told == 1
    assert tell(log, NOON + 12 * ONE_DAY, lookback=20 * ONE_DAY).told == 2
    midnight = NOON.replace(hour=0)
    assert told(log) == [
        (user, midnight + 3 * ONE_DAY, 2),
        (user, midnight + 6 * ONE_DAY, 1),
        (user, midnight + 11 * ONE_DAY, 2),
    ]


def test_missed_day_that_is_filled_late_takes_nothing_back(log: Log) -> None:
    user = str(uuid4())
    store(log, studied(user, NOON))
    assert tell(log, NOON + 2 * ONE_DAY).told == 1
    store(log, studied(user, NOON + ONE_DAY))  # offline until now
    assert tell(log, NOON + 2 * ONE_DAY).told == 0
    # it broke after all, a day later, and was longer than was thought
    assert tell(log, NOON + 3 * ONE_DAY).told == 1
    midnight = NOON.replace(hour=0)
    assert told(log) == [(user, midnight + 2 * ONE_DAY, 1), (user, midnight + 3 * ONE_DAY, 2)]


def test_timezone_learnt_late_does_not_tell_again(log: Log) -> None:
    user, session = str(uuid4()), str(uuid4())
    answer = stamped(fact(session_id=session), user, NOON, "answer")
    store(log, answer)
    assert tell(log, NOON + 3 * ONE_DAY).told == 1
    # there the answer was given on the day after
    store(log, studied(user, NOON - timedelta(minutes=5), "Pacific/Auckland", session))
    assert tell(log, NOON + 3 * ONE_DAY).told == 0
    assert len(told(log)) == 1


def test_what_an_app_tells_itself_is_not_told_again(log: Log) -> None:
    user = str(uuid4())
    broken = fact("streak_broken", properties={"old_streak": 1, "new_streak": 0})
    at = NOON.replace(hour=9) + 2 * ONE_DAY
    store(log, studied(user, NOON), stamped(broken, user, at, "broken"))
    assert tell(log, NOON + 3 * ONE_DAY).told == 0


def test_gamification_alone_is_no_streak(log: Log) -> None:
    user = str(uuid4())
    store(log, stamped(fact("streak_continued"), user, NOON, "check-in"))
    assert tell(log, NOON + 3 * ONE_DAY).told == 0


def test_timezone_of_an_old_session_holds_for_what_has_none(log: Log) -> None:
    user = str(uuid4())
    store(
        log,
        studied(user, NOON - 90 * ONE_DAY, "Asia/Tokyo"),
        stamped(fact(), user, datetime(2026, 3, 2, 15, tzinfo=UTC), "glance"),
    )
    assert tell(log, datetime(2026, 3, 4, 14, 59, tzinfo=UTC)).told == 0
    assert tell(log, datetime(2026, 3, 4, 15, tzinfo=UTC)).told == 1


def test_what_cannot_be_stored_stops_the_run_and_stores_nothing(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = [str(uuid4()) for _ in range(2)]
    store(log, *(studied(user, NOON) for user in users))
    # a clock far behind: the midnight seems to be days ahead
    behind = partial(tell_broken_streaks, as_of=NOON + 3 * ONE_DAY, received_at=NOON - 5 * ONE_DAY)
    with pytest.raises(RefusedBreakError, match="2 of 2 broken streaks could not be stored"):
        log.run(behind)
    assert told(log) == []


def test_two_told_of_one_day_are_found(log: Log) -> None:
    users = [str(uuid4()) for _ in range(2)]
    for user, hours in zip(users, (19, 24), strict=True):
        for number in range(2):
            broken = stamped(
                fact("streak_broken"), user, NOON + number * timedelta(hours=hours), f"{number}"
            )
            store(log, broken)
    (found,) = log.run(partial(find_told_twice, as_of=NOON + 3 * ONE_DAY))
    assert [row["user_id"] for row in found] == users[:1]


ZONES = st.sampled_from([None, "Asia/Tokyo", "America/Los_Angeles", "Europe/Berlin"])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    hours=st.lists(st.integers(0, 24 * 12), min_size=1, max_size=12, unique=True),
    zone=ZONES,
    runs=st.lists(st.integers(0, 24 * 16), max_size=4),
)
def test_runs_at_any_times_tell_what_one_at_the_end_would(
    log: Log, hours: Sequence[int], zone: str | None, runs: Sequence[int]
) -> None:
    """One learner of one timezone: each gap in the days, once."""
    log.clear()
    first = datetime(2026, 3, 20, tzinfo=UTC)  # Berlin's clocks change on the way
    user = str(uuid4())
    events = [studied(user, first + timedelta(hours=each), zone) for each in sorted(hours)]
    store(log, *events)
    for each in [*sorted(runs), 24 * 16]:
        tell(log, first + timedelta(hours=each), lookback=20 * ONE_DAY)
    days = sorted(set(local_days(events)))
    ended = [
        day
        for day, following in zip(days, [*days[1:], date.max], strict=True)
        if following > day + ONE_DAY
    ]
    assert len(told(log)) == len(ended)
    lengths = [length for _, _, length in told(log)]
    assert sum(lengths) == len(days)
