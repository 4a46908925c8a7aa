from datetime import UTC, datetime
from itertools import permutations
from uuid import UUID

import pandas as pd
import pytest

from quality.oracle import build_marts
from tests.quality.streams import COLUMNS, LONG_AFTER, build, event, named, pick


def test_marts_do_not_depend_on_the_order_of_rows() -> None:
    events = [
        event("session_start", "09:00", timezone="Europe/Berlin"),
        event("question_view", "09:01", question_id="q"),
        event("question_submit", "09:02", question_id="q", is_correct=True),
        event("session_end", "09:03"),
    ]

    first, *others = [build(*order) for order in permutations(events)]

    assert all(other == first for other in others)


def test_events_of_one_instant_are_ordered_by_the_bytes_of_their_ids() -> None:
    low, high = UUID("0fffffff-ffff-7fff-bfff-ffffffffffff"), UUID("f" + "0" * 31)
    submits = [
        event("question_submit", "09:00", event_id=high, question_id="q", is_correct=True),
        event("question_submit", "09:00", event_id=low, question_id="q", is_correct=False),
    ]

    attempts = build(*submits)["question_attempts"]

    assert [pick(row, "event_id", "attempt_number") for row in attempts] == [
        (str(low), 1),
        (str(high), 2),
    ]


def test_session_belongs_to_the_learner_of_its_first_event() -> None:
    marts = build(
        event("session_start", "09:00", user="ann"),
        event("material_open", "09:01", user="ben", material_id="m"),
        event("question_submit", "09:02", user="ben", question_id="q", is_correct=True),
        event("session_pause", "09:03", user="ben"),
        event("session_end", "09:04", user="ben"),
        event("session_resume", "09:05", user="ann"),
    )

    (session,) = marts["study_sessions"]
    (attempt,) = marts["question_attempts"]
    assert session["user_id"] == str(named("ann"))
    assert pick(session, "event_count", "pause_count", "end_reason") == (2, 0, "timeout")
    assert pick(session, "materials_viewed", "questions_attempted") == (0, 0)
    assert pick(session, "duration_seconds", "active_seconds") == (300.0, 300.0)
    assert attempt["session_id"] is None
    assert marts["material_interactions"] == []
    ben = next(day for day in marts["daily_user_stats"] if day["user_id"] == str(named("ben")))
    assert pick(ben, "event_count", "session_count", "study_seconds") == (4, 0, 0.0)
    assert pick(ben, "materials_viewed", "questions_attempted") == (1, 1)


def test_session_takes_the_timezone_of_its_first_start_that_names_one() -> None:
    (session,) = build(
        event("material_open", "00:30", material_id="m"),
        event("session_start", "00:31"),
        event("session_start", "00:32", timezone="America/New_York"),
        event("session_start", "00:33", timezone="Asia/Tokyo"),
    )["study_sessions"]

    assert pick(session, "timezone", "local_date") == (
        "America/New_York",
        datetime(2025, 3, 9, tzinfo=UTC).date(),
    )


def test_session_ignores_a_timezone_that_another_learner_names() -> None:
    (session,) = build(
        event("material_open", "09:00", user="ann", material_id="m"),
        event("session_start", "09:01", user="ben", timezone="Asia/Tokyo"),
    )["study_sessions"]

    assert session["timezone"] == "UTC"


def test_event_without_session_takes_the_learners_last_named_timezone() -> None:
    marts = build(
        event("search_performed", "00:10", session=None),
        event("session_start", "00:20", timezone="America/New_York"),
        event("session_start", "00:30", session="other"),
        event("search_performed", "00:40", session=None),
        event("search_performed", "00:50", user="ben", session=None),
        event("session_start", "01:00", session="third", timezone="Asia/Tokyo"),
    )

    days = {pick(row, "user_id", "local_date"): row for row in marts["daily_user_stats"]}
    ann, ben = str(named("ann")), str(named("ben"))
    ninth, tenth = datetime(2025, 3, 9, tzinfo=UTC).date(), datetime(2025, 3, 10, tzinfo=UTC).date()
    # 00:10 is before any start: UTC. 00:40 is New York's, for "other" names none.
    assert pick(days[ann, tenth], "searches", "event_count") == (1, 3)
    assert pick(days[ann, ninth], "searches", "event_count") == (1, 2)
    assert days[ben, tenth]["searches"] == 1


def test_start_in_anothers_session_is_placed_by_the_start_before_it() -> None:
    marts = build(
        event("session_start", "00:10", user="ann"),
        event("session_start", "00:20", user="ben", timezone="America/New_York"),
        event("search_performed", "00:30", user="ben", session=None),
    )

    days = [row for row in marts["daily_user_stats"] if row["user_id"] == str(named("ben"))]
    # Ben's start has no session: no earlier start, so UTC; the search comes after it.
    assert {str(day["local_date"]): day["event_count"] for day in days} == {
        "2025-03-10": 1,
        "2025-03-09": 1,
    }


def test_no_events_make_empty_marts() -> None:
    assert all(rows == [] for rows in build().values())


def test_marts_are_refused_for_an_as_of_without_timezone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        build_marts(pd.DataFrame(columns=[*COLUMNS]), datetime(2025, 1, 1))  # noqa: DTZ001


def test_marts_are_refused_for_an_event_that_comes_twice() -> None:
    twice = [event("level_up", "09:00")] * 2

    with pytest.raises(ValueError, match="twice"):
        build_marts(pd.DataFrame(twice, columns=[*COLUMNS]), LONG_AFTER)


def test_timezone_that_the_database_does_not_know_counts_as_none() -> None:
    events = [
        event("session_start", "00:10", timezone="Mars/Olympus_Mons"),
        event("session_start", "00:20", timezone="America/New_York"),
        event("session_start", "00:30", timezone="Asia/Tokyo"),
    ]
    frame = pd.DataFrame(events, columns=[*COLUMNS])

    zones = [
        build_marts(frame, LONG_AFTER, timezones=known)["study_sessions"]["timezone"].item()
        for known in (None, {"Asia/Tokyo", "Mars/Olympus_Mons"}, set[str]())
    ]

    assert zones == ["America/New_York", "Asia/Tokyo", "UTC"]


def test_null_properties_count_as_not_reported() -> None:
    (session,) = build(
        event("session_start", "09:00", timezone=None, device_type=None),
        event("session_start", "09:01", timezone="Asia/Tokyo", device_type="web"),
    )["study_sessions"]

    assert pick(session, "timezone", "device_type") == ("Asia/Tokyo", "web")
