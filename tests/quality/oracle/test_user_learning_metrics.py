from datetime import date, datetime, timedelta

import pytest

from tests.quality.streams import Row, event, instant, mastery_of, metrics_of, pick

NOON = instant("12:00")


def search(days_ago: int) -> Row:
    at = (NOON - timedelta(days=days_ago)).isoformat()
    return event("search_performed", at, session=None)


def answer(days_ago: int, is_correct: bool) -> Row:
    at = (NOON - timedelta(days=days_ago)).isoformat()
    name = f"q{days_ago} {is_correct}"
    return event("question_submit", at, session=None, question_id=name, is_correct=is_correct)


def session(at: str, minutes: int, timezone: str = "UTC") -> list[Row]:
    end = (instant(at) + timedelta(minutes=minutes)).isoformat()
    return [
        event("session_start", at, session=at, timezone=timezone),
        event("session_end", end, session=at),
    ]


def test_windows_end_with_the_learners_date() -> None:
    row = metrics_of(*(search(ago) for ago in (-1, 0, 6, 7, 27, 28, 89, 90)), as_of=NOON)

    assert pick(row, "days_active", "days_active_7", "days_active_28", "days_active_90") == (
        *(8, 2),
        *(4, 6),
    )


def test_date_is_that_in_the_timezone_of_the_last_event() -> None:
    row = metrics_of(
        *session("2025-03-08T12:00", 10, "America/New_York"),
        *session("2025-03-09T12:00", 10, "Asia/Tokyo"),
        as_of=instant("15:00"),
    )

    assert pick(row, "timezone", "as_of_date") == ("Asia/Tokyo", date(2025, 3, 11))
    assert pick(row, "first_seen_at", "last_seen_at") == (
        instant("2025-03-08T12:00"),
        instant("2025-03-09T12:10"),
    )


@pytest.mark.parametrize(
    ("days_ago", "consistency"),
    [
        ((0, 7, 14, 21), 1),
        ((0, 1, 2), 0.25),
        ((0, 7, 8, 14, 27), 0.625),
        ((28,), None),
        ((-1,), None),
    ],
)
def test_consistency_is_how_even_four_weeks_are(
    days_ago: tuple[int, ...], consistency: float | None
) -> None:
    row = metrics_of(*map(search, days_ago), as_of=NOON)

    assert row["consistency"] == consistency


def test_velocity_is_the_change_of_accuracy_between_windows() -> None:
    recent = [answer(0, True), answer(27, False), answer(27, True), answer(1, True)]
    before = [answer(28, False), answer(55, True), answer(56, True), answer(57, True)]
    columns = ("accuracy_28", "questions_attempted_28", "learning_velocity")

    assert pick(metrics_of(*recent, *before, as_of=NOON), *columns) == (0.75, 4, 0.25)
    assert pick(metrics_of(*recent, as_of=NOON), *columns) == (0.75, 4, None)
    assert pick(metrics_of(*before, as_of=NOON), *columns) == (None, 0, None)


def test_habits_are_those_of_the_sessions_by_their_own_clocks() -> None:
    row = metrics_of(
        *session("2025-03-03T03:30", 1, "Asia/Kolkata"),
        *session("2025-03-04T09:59:59.999999", 5),
        *session("2025-03-05T10:00", 20),
        *session("2025-03-06T15:00", 30, "America/New_York"),
        as_of=NOON,
    )

    assert pick(row, "preferred_hour", "median_session_seconds", "sessions_per_week") == (
        *(9, 750.0),
        1.0,
    )


def test_learner_without_sessions_has_no_habits() -> None:
    row = metrics_of(search(0), as_of=NOON)

    assert pick(row, "preferred_hour", "median_session_seconds", "session_count") == (None, None, 0)
    assert pick(row, "mean_mastery", "topics_studied", "accuracy") == (None, 0, None)


def test_mastery_is_the_mean_of_the_topics_attempted() -> None:
    events = [
        event("topic_explored", "09:00", topic_id="liver"),
        *(
            event(
                *("question_submit", f"10:{number:02}"),
                question_id=f"q{number}",
                topic_id="heart" if number < 12 else "lung",
                is_correct=number < 12,
            )
            for number in range(14)
        ),
    ]
    row, topics = metrics_of(*events, as_of=NOON), mastery_of(*events, as_of=NOON)

    mastered = [name for name in topics if topics[name]["mastery_level"] == "mastered"]
    scores = [topics[name]["mastery_score"] for name in ("heart", "lung")]
    assert pick(row, "topics_studied", "topics_mastered") == (3, len(mastered))
    assert row["mean_mastery"] == pytest.approx(sum(scores) / 2)


def test_lifetime_holds_what_lies_after_the_run() -> None:
    later = datetime.fromisoformat("2025-02-01T00:00+00:00")
    row = metrics_of(*session("2025-03-03T09:00", 20), answer(0, True), as_of=later)

    assert pick(row, "session_count", "study_seconds", "active_seconds", "event_count") == (
        *(1, 1_200.0),
        *(1_200.0, 3),
    )
    assert pick(row, "active_seconds_28", "days_active_90", "sessions_per_week") == (0, 0, 0)
