"""Cases written and worked out by hand, from the raw log to the marts.

Each is a learner of its own, so that one build serves them all.
"""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from tests.dbt_project.conftest import MODELS, Dbt
from tests.dbt_project.streams import happen, insert, instant, named

AS_OF = "2025-11-02T05:40:00+00:00"
Rows = Callable[..., list[dict[str, Any]]]

NIGHT_OWL = [
    happen("session_start", "2025-06-01 21:40", "owl", "night", timezone="Europe/Berlin"),
    happen("question_view", "2025-06-01 21:50", "owl", "night", question_id="q1", topic_id="t1"),
    happen("question_attempt", "2025-06-01 21:55", "owl", "night", question_id="q1"),
    happen(
        *("question_submit", "2025-06-01 22:05", "owl", "night"),
        question_id="q1",
        topic_id="t1",
        is_correct=True,
    ),
    happen("session_end", "2025-06-01 22:20", "owl", "night", duration_seconds=2_400),
    happen("xp_earned", "2025-06-01 22:21", "owl", "night", xp_amount=10),
    happen("search_performed", "2025-06-03 08:00", "owl"),
]

# Havana turns 1:00 into 0:00 at 05:00 UTC; the second of November has begun at 04:00 UTC already.
HAVANA = [
    happen("session_start", "2025-11-02 03:45", "ana", "havana", timezone="America/Havana"),
    happen("material_open", "2025-11-02 04:15", "ana", "havana", material_id="m1"),
    happen("material_note", "2025-11-02 04:45", "ana", "havana", material_id="m1"),
    happen("material_note", "2025-11-02 05:15", "ana", "havana", material_id="m1"),
]

TWO_TABS = [
    happen("session_start", "2025-06-02 10:00", "tom", "left tab", device_type="web"),
    happen("session_start", "2025-06-02 10:05", "tom", "right tab", device_type="mobile"),
    happen("session_pause", "2025-06-02 10:10", "tom", "left tab"),
    happen("question_view", "2025-06-02 10:12", "tom", "right tab", question_id="q1"),
    happen("session_resume", "2025-06-02 10:20", "tom", "left tab"),
    happen("session_end", "2025-06-02 10:25", "tom", "right tab"),
    happen("session_end", "2025-06-02 10:30", "tom", "left tab"),
]

# The intruder answers under the owner's session.
INTRUDER = [
    happen("session_start", "2025-06-02 10:00", "owner", "owned", timezone="Asia/Tokyo"),
    happen("session_end", "2025-06-02 10:10", "owner", "owned"),
    happen(
        *("question_submit", "2025-06-02 10:05", "intruder", "owned"),
        question_id="q1",
        is_correct=False,
    ),
]

CLOCKS_CHANGE = [
    happen("session_start", "2025-03-29 22:50", "eva", "spring", timezone="Europe/Berlin"),
    happen("session_end", "2025-03-29 23:10", "eva", "spring"),
    happen("session_start", "2025-03-30 21:50", "eva", "day after", timezone="Europe/Berlin"),
    happen("session_end", "2025-03-30 22:10", "eva", "day after"),
]

TOPICS = [
    happen("material_open", "2025-06-02 10:00", "kim", "ward", material_id="m1", topic_id="heart"),
    happen("search_performed", "2025-06-02 10:05", "kim", "ward"),
    happen("level_up", "2025-06-02 10:06", "kim", "ward", topic_id="kidney", new_level=2),
    happen(
        *("question_submit", "2025-06-02 10:15", "kim", "ward"),
        question_id="q1",
        topic_id="kidney",
        is_correct=True,
        time_to_answer_seconds=30,
    ),
    happen("achievement_unlocked", "2025-06-02 10:15", "kim", "ward", achievement_id="first"),
    happen("xp_earned", "2025-06-02 10:15", "kim", "ward", xp_amount=5, new_total_xp=9),
    happen("session_end", "2025-06-02 10:20", "kim", "ward"),
    happen("topic_explored", "2025-06-02 12:00", "lee", topic_id="heart"),
]


# Names that PostgreSQL also has as abbreviations, without summer time; half past midnight in each.
SUMMER_NIGHTS = {"CET": "22:30", "MET": "22:30", "EET": "21:30", "WET": "23:30"}
ABBREVIATED = [
    happen("session_start", f"2025-07-01 {clock}", f"from {name}", name, timezone=name)
    for name, clock in SUMMER_NIGHTS.items()
]


@pytest.fixture(scope="module")
def built_url(dbt: Dbt, shared_database_url: str) -> str:
    cases = [NIGHT_OWL, HAVANA, TWO_TABS, INTRUDER, CLOCKS_CHANGE, TOPICS, ABBREVIATED]
    insert(shared_database_url, [event for case in cases for event in case])
    ran = dbt("build", *MODELS, url=shared_database_url, as_of=AS_OF)
    assert ran.success, ran.stdout
    return shared_database_url


@pytest.fixture
def rows(built_url: str) -> Rows:
    """Read the columns asked for of a mart's rows of one learner, in the order of the columns."""

    def read(mart: str, learner: str, *columns: str) -> list[dict[str, Any]]:
        query = sql.SQL("select {columns} from marts.{mart} where user_id = %s order by 1").format(
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)), mart=sql.Identifier(mart)
        )
        with psycopg.connect(built_url, row_factory=dict_row) as connection:
            return connection.execute(query, [named(learner)]).fetchall()

    return read


@pytest.mark.parametrize("name", SUMMER_NIGHTS)
def test_timezone_that_is_also_an_abbreviation_has_summer_time(rows: Rows, name: str) -> None:
    assert rows("study_sessions", f"from {name}", "local_date", "timezone") == [
        {"local_date": instant("2025-07-02").date(), "timezone": name}
    ]


def test_session_over_midnight_is_cut_and_counts_once(rows: Rows) -> None:
    assert rows(
        *("daily_user_stats", "owl", "local_date", "session_count", "study_seconds"),
        *("questions_attempted", "accuracy", "topics_studied", "xp_earned", "streak_days"),
    ) == [
        {
            "local_date": instant("2025-06-01").date(),
            "session_count": 1,
            "study_seconds": 1_200.0,
            "questions_attempted": 0,
            "accuracy": None,
            "topics_studied": 1,
            "xp_earned": 0,
            "streak_days": 1,
        },
        {
            "local_date": instant("2025-06-02").date(),
            "session_count": 0,
            "study_seconds": 1_260.0,
            "questions_attempted": 1,
            "accuracy": 1.0,
            "topics_studied": 1,
            "xp_earned": 10,
            "streak_days": 2,
        },
        {
            "local_date": instant("2025-06-03").date(),
            "session_count": 0,
            "study_seconds": 0.0,
            "questions_attempted": 0,
            "accuracy": None,
            "topics_studied": 0,
            "xp_earned": 0,
            "streak_days": 3,
        },
    ]


def test_events_after_the_end_extend_the_session(rows: Rows) -> None:
    assert rows(
        *("study_sessions", "owl", "timezone", "local_date", "end_reason", "ended_at"),
        *("duration_seconds", "reported_duration_seconds", "event_count"),
        *("events_after_end_count", "questions_attempted", "questions_correct"),
    ) == [
        {
            "timezone": "Europe/Berlin",
            "local_date": instant("2025-06-01").date(),
            "end_reason": "explicit",
            "ended_at": instant("2025-06-01 22:21"),
            "duration_seconds": 2_460.0,
            "reported_duration_seconds": 2_400.0,
            "event_count": 6,
            "events_after_end_count": 1,
            "questions_attempted": 1,
            "questions_correct": 1,
        }
    ]


def test_attempt_and_its_submit_are_one_row(rows: Rows) -> None:
    assert rows("question_attempts", "owl", "event_id", "attempt_number", "is_correct") == [
        {"event_id": NIGHT_OWL[3].event_id, "attempt_number": 1, "is_correct": True}
    ]


def test_day_with_two_midnights_begins_at_the_first(rows: Rows) -> None:
    assert rows("daily_user_stats", "ana", "local_date", "study_seconds") == [
        {"local_date": instant("2025-11-01").date(), "study_seconds": 900.0},
        {"local_date": instant("2025-11-02").date(), "study_seconds": 4_500.0},
    ]


def test_session_is_open_until_half_an_hour_of_silence(rows: Rows) -> None:
    assert rows("study_sessions", "ana", "end_reason", "is_active", "ended_at", "idle_seconds") == [
        {"end_reason": "open", "is_active": True, "ended_at": None, "idle_seconds": 0.0}
    ]


def test_annotated_material_is_read_once_opened(rows: Rows) -> None:
    assert rows("material_interactions", "ana", "interaction_type", "notes_count") == [
        {"interaction_type": "read", "notes_count": 2}
    ]


def test_two_tabs_count_once_in_the_day(rows: Rows) -> None:
    # The left tab is paused until the right tab's question at 10:12, then active until 10:30; the
    # right one is active 10:05 to 10:25: together all of 10:00 to 10:30.
    assert rows("daily_user_stats", "tom", "session_count", "study_seconds", "active_seconds") == [
        {"session_count": 2, "study_seconds": 1_800.0, "active_seconds": 1_800.0}
    ]
    assert rows(
        "study_sessions", "tom", "started_at", "device_type", "active_seconds", "paused_seconds"
    ) == [
        {
            "started_at": instant("2025-06-02 10:00"),
            "device_type": "web",
            "active_seconds": 1_680.0,
            "paused_seconds": 120.0,
        },
        {
            "started_at": instant("2025-06-02 10:05"),
            "device_type": "mobile",
            "active_seconds": 1_200.0,
            "paused_seconds": 0.0,
        },
    ]


def test_anothers_event_is_not_of_the_session(rows: Rows) -> None:
    assert rows("study_sessions", "owner", "event_count", "questions_attempted") == [
        {"event_count": 2, "questions_attempted": 0}
    ]
    assert rows("study_sessions", "intruder", "session_id") == []
    assert rows("question_attempts", "intruder", "session_id", "local_date", "is_correct") == [
        {"session_id": None, "local_date": instant("2025-06-02").date(), "is_correct": False}
    ]


def test_days_of_the_clock_change_are_cut_at_local_midnight(rows: Rows) -> None:
    assert rows("daily_user_stats", "eva", "local_date", "session_count", "study_seconds") == [
        {"local_date": instant(day).date(), "session_count": sessions, "study_seconds": seconds}
        for day, sessions, seconds in (
            ("2025-03-29", 1, 600.0),
            ("2025-03-30", 1, 1_200.0),
            ("2025-03-31", 0, 600.0),
        )
    ]


def test_week_ends_on_sunday_and_is_held_against_the_one_before(rows: Rows) -> None:
    columns = ("week_start_date", "days_active", "study_seconds", "session_count")
    assert rows(
        "weekly_user_stats", "owl", *columns, "accuracy_change", "active_seconds_change"
    ) == [
        dict(zip((*columns, "accuracy_change", "active_seconds_change"), week, strict=True))
        for week in (
            (instant("2025-05-26").date(), 1, 1_200.0, 1, None, None),
            (instant("2025-06-02").date(), 2, 1_260.0, 0, None, 60.0),
        )
    ]


def test_time_without_a_topic_is_spent_on_the_one_before(built_url: str) -> None:
    with psycopg.connect(built_url) as connection:
        topics = connection.execute(
            "select topic_id, learners, study_seconds, questions_attempted, accuracy, "
            "median_time_to_answer_seconds, first_attempt_accuracy from marts.topic_daily_stats "
            "where topic_id in ('heart', 'kidney') order by 1"
        ).fetchall()
    assert topics == [
        ("heart", 2, 900.0, 0, None, None, None),
        ("kidney", 1, 300.0, 1, 1.0, 30.0, 1.0),
    ]


def test_streak_is_current_by_the_learners_own_clock(rows: Rows) -> None:
    # Havana: 00:40 on the second of November, for the second time.
    assert rows("user_gamification", "ana", "current_streak", "longest_streak", "level") == [
        {"current_streak": 2, "longest_streak": 2, "level": 1}
    ]
    assert rows("user_gamification", "owl", "current_streak", "longest_streak", "total_xp") == [
        {"current_streak": 0, "longest_streak": 3, "total_xp": 10}
    ]


def test_rewards_are_collected(rows: Rows) -> None:
    assert rows(
        "user_gamification", "kim", "level", "achievements", "total_xp", "reported_total_xp"
    ) == [{"level": 2, "achievements": ["first"], "total_xp": 5, "reported_total_xp": 9}]
