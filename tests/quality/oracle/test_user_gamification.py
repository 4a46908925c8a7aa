from datetime import UTC, datetime

import pytest

from tests.quality.streams import Row, event, gamification_of, pick


def search(day: int) -> Row:
    return event("search_performed", f"2025-03-{day:02}T12:00", session=None)


def earned(at: str, amount: int, *, reported: int | None = None) -> Row:
    return event("xp_earned", at, session=None, xp_amount=amount, new_total_xp=reported)


def unlocked(at: str, achievement: str, *, user: str = "ann") -> Row:
    return event("achievement_unlocked", at, user=user, session=None, achievement_id=achievement)


def test_learner_of_nothing_but_study_has_a_row() -> None:
    row = gamification_of(search(10))

    assert pick(row, "total_xp", "level", "achievements", "reported_total_xp") == (0, 1, [], None)
    assert pick(row, "current_streak", "longest_streak") == (0, 1)


def test_learner_of_nothing_but_gamification_has_no_streak() -> None:
    row = gamification_of(earned("09:00", 5), as_of=datetime(2025, 3, 10, 10, tzinfo=UTC))

    assert pick(row, "total_xp", "current_streak", "longest_streak") == (5, 0, 0)


def test_xp_add_up_in_sessions_and_without() -> None:
    row = gamification_of(
        earned("09:00", 2_147_483_647),
        earned("09:01", 2_147_483_647),
        event("xp_earned", "09:02", session="morning", xp_amount=1),
        event("xp_earned", "09:02", user="ben", session="morning", xp_amount=100),
    )

    assert row["total_xp"] == 4_294_967_295


def test_level_is_the_greatest_reached() -> None:
    row = gamification_of(
        event("level_up", "09:00", new_level=3),
        event("level_up", "09:01", new_level=12),
        event("level_up", "09:02", new_level=4),
        event("level_up", "09:03", user="ben", session=None, new_level=50),
    )

    assert row["level"] == 12


def test_reported_total_is_that_of_the_last_event_that_reports_it() -> None:
    row = gamification_of(
        earned("09:00", 10, reported=10),
        earned("09:01", 10, reported=7),
        earned("09:02", 10),
        event("level_up", "09:03", session=None, new_level=2, total_xp=30),
    )

    assert pick(row, "total_xp", "reported_total_xp") == (30, 7)


def test_achievements_are_distinct_and_in_order_of_their_bytes() -> None:
    names = ["b", "a", "Z", "é", "é", "aa", "\U0001f3c6", "\ufb01", "a-", "a b", "a"]
    row = gamification_of(
        *(unlocked(f"09:{minute:02}", name) for minute, name in enumerate(names)),
        unlocked("10:00", "ben's", user="ben"),
    )

    assert row["achievements"] == [
        "Z",
        "a",
        "a b",
        "a-",
        "aa",
        "b",
        "é",
        "\ufb01",
        "\U0001f3c6",
    ]


@pytest.mark.parametrize(
    ("as_of", "streak"),
    [
        # Earlier than the streak: the run is evaluated in the past, the events are there.
        ("2025-03-01T00:00", 3),
        ("2025-03-12T23:59:59.999999", 3),
        ("2025-03-13T00:00", 3),
        ("2025-03-13T23:59:59.999999", 3),
        ("2025-03-14T00:00", 0),
    ],
)
def test_streak_is_current_until_a_whole_day_is_left_out(as_of: str, streak: int) -> None:
    row = gamification_of(
        *(search(day) for day in (3, 4, 5, 6, 10, 11, 12)),
        as_of=datetime.fromisoformat(as_of).replace(tzinfo=UTC),
    )

    assert pick(row, "current_streak", "longest_streak") == (streak, 4)


def test_day_of_gamification_alone_neither_breaks_nor_keeps_a_streak() -> None:
    events = [search(10), search(11), earned("2025-03-12T12:00", 1)]

    today, tomorrow = (
        gamification_of(*events, as_of=datetime(2025, 3, day, 12, tzinfo=UTC)) for day in (12, 13)
    )

    # The last day that has a streak is the 11th.
    assert (today["current_streak"], tomorrow["current_streak"]) == (2, 0)


@pytest.mark.parametrize(
    ("as_of", "streak"), [("2025-03-11T14:59:59.999999", 1), ("2025-03-11T15:00", 0)]
)
def test_date_of_as_of_is_that_in_the_timezone_of_the_last_event(as_of: str, streak: int) -> None:
    row = gamification_of(
        event("session_start", "12:00", timezone="America/New_York"),
        event("session_start", "12:10", session="abroad", timezone="Asia/Tokyo"),
        # Without a session: the learner's last start named Tokyo, where the 12th begins at 15:00.
        event("xp_earned", "12:20", session=None, xp_amount=1),
        as_of=datetime.fromisoformat(as_of).replace(tzinfo=UTC),
    )

    assert row["current_streak"] == streak


def test_last_event_in_a_session_takes_the_sessions_timezone() -> None:
    row = gamification_of(
        event("session_start", "12:00", session="abroad", timezone="Asia/Tokyo"),
        event("session_start", "12:10", timezone="America/New_York"),
        event("search_performed", "12:20", session="abroad"),
        as_of=datetime(2025, 3, 11, 15, tzinfo=UTC),
    )

    assert row["current_streak"] == 0
