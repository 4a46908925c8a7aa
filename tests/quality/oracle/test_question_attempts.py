from typing import Any

import pytest

from tests.quality.streams import Row, attempts_of, build, event, instant, named, pick


def answer(event_type: str, at: str, **properties: Any) -> Row:
    return event(event_type, at, question_id="q", **properties)


def test_attempt_before_a_submit_is_the_submit() -> None:
    (attempt,) = attempts_of(
        answer("question_attempt", "09:00", is_correct=False),
        answer("question_attempt", "09:01"),
        answer("question_submit", "09:02", is_correct=True),
    )

    assert pick(attempt, "attempted_at", "is_correct") == (instant("09:02"), True)


def test_attempt_after_the_submit_is_another_one() -> None:
    attempts = attempts_of(
        answer("question_submit", "09:00", is_correct=False),
        answer("question_attempt", "09:01", is_correct=True),
    )

    assert [row["is_correct"] for row in attempts] == [False, True]


def test_attempt_without_verdict_and_submit_is_none() -> None:
    assert attempts_of(answer("question_attempt", "09:00")) == []


def test_attempts_that_say_is_correct_all_count_without_a_submit() -> None:
    attempts = attempts_of(
        answer("question_attempt", "09:00", is_correct=False),
        answer("question_attempt", "09:01"),
        answer("question_attempt", "09:02", is_correct=True),
    )

    assert [row["is_correct"] for row in attempts] == [False, True]


@pytest.mark.parametrize(
    "elsewhere", [{"session": "other"}, {"session": None}, {"user": "ben"}, {"question_id": "r"}]
)
def test_submit_elsewhere_does_not_stand_for_the_attempt(elsewhere: dict[str, Any]) -> None:
    attempts = attempts_of(
        answer("question_attempt", "09:00", is_correct=False),
        event("question_submit", "09:01", **({"question_id": "q"} | elsewhere), is_correct=True),
    )

    assert [row["is_correct"] for row in attempts] == [False, True]


def test_events_without_session_are_a_group_of_their_own() -> None:
    (attempt,) = attempts_of(
        answer("question_attempt", "09:00", session=None, is_correct=False),
        answer("question_submit", "15:00", session=None, is_correct=True),
    )

    assert pick(attempt, "session_id", "is_correct") == (None, True)


def test_foreign_events_share_the_group_without_session() -> None:
    attempts = attempts_of(
        event("session_start", "08:00", user="ann"),
        answer("question_attempt", "09:00", user="ben", is_correct=False),
        answer("question_submit", "09:10", user="ben", session=None, is_correct=True),
    )

    assert [pick(row, "session_id", "is_correct") for row in attempts] == [(None, True)]


def test_attempts_are_numbered_across_sessions() -> None:
    attempts = attempts_of(
        answer("question_submit", "2025-03-10T09:00", session="one", is_correct=False),
        answer("question_submit", "2025-03-11T21:00", session="two", is_correct=True),
        answer("question_submit", "2025-03-11T21:00", user="ben", session="x", is_correct=True),
        answer("question_submit", "2025-03-11T21:00:00.5", session=None, is_correct=True),
    )

    ann = [row for row in attempts if row["user_id"] == str(named("ann"))]
    assert [pick(row, "attempt_number", "is_first_attempt") for row in ann] == [
        (1, True),
        (2, False),
        (3, False),
    ]
    assert [row["days_since_last_attempt"] for row in ann] == [None, 1.5, 0.5 / 86_400]


def test_attempt_reports_what_its_event_says() -> None:
    (attempt,) = attempts_of(
        event("session_start", "08:00", timezone="Pacific/Auckland"),
        event(
            "question_submit",
            "11:30",
            question_id="q",
            topic_id="heart",
            is_correct=True,
            time_to_answer_seconds=12.5,
            confidence_level=4,
            selected_answer="B",
            correct_answer="B",
            is_first_attempt=False,
            attempt_number=9,
        ),
    )

    assert pick(attempt, "topic_id", "time_to_answer_seconds") == ("heart", 12.5)
    assert pick(attempt, "confidence_level", "selected_answer", "correct_answer") == (4, "B", "B")
    assert pick(attempt, "is_first_attempt", "attempt_number") == (True, 1)
    assert pick(attempt, "reported_is_first_attempt", "reported_attempt_number") == (False, 9)
    assert str(attempt["local_date"]) == "2025-03-11"


def test_attempt_that_reports_nothing_has_nulls() -> None:
    (attempt,) = attempts_of(answer("question_submit", "09:00", is_correct=False))

    assert pick(
        attempt,
        "time_to_answer_seconds",
        "confidence_level",
        "selected_answer",
        "difficulty",
        "reported_is_first_attempt",
        "reported_attempt_number",
    ) == (None, None, None, None, None, None)
    assert pick(attempt, "hint_used", "explanation_viewed") == (False, False)


def test_hint_belongs_to_the_attempt_after_it() -> None:
    attempts = attempts_of(
        answer("ai_hint_requested", "09:00"),
        answer("question_attempt", "09:01"),
        answer("question_submit", "09:02", is_correct=False),
        answer("question_submit", "09:03", is_correct=True),
        answer("ai_hint_requested", "09:04"),
    )

    assert [row["hint_used"] for row in attempts] == [True, False]


def test_hint_that_the_event_claims_counts() -> None:
    attempts = attempts_of(
        answer("question_submit", "09:00", is_correct=False, hint_used=True),
        answer("question_submit", "09:01", is_correct=False, hint_used=False),
    )

    assert [row["hint_used"] for row in attempts] == [True, False]


def test_hint_of_another_session_does_not_count() -> None:
    (attempt,) = attempts_of(
        answer("ai_hint_requested", "09:00", session="other"),
        answer("question_submit", "09:01", is_correct=False),
    )

    assert attempt["hint_used"] is False


def test_explanation_belongs_to_the_attempt_before_it() -> None:
    attempts = attempts_of(
        answer("ai_explanation_requested", "09:00"),
        answer("question_submit", "09:01", is_correct=False),
        answer("question_attempt", "09:02"),
        answer("ai_explanation_requested", "09:03"),
        answer("question_submit", "09:04", is_correct=True),
    )

    assert [row["explanation_viewed"] for row in attempts] == [True, False]


@pytest.mark.parametrize(
    ("named_difficulty", "difficulty"),
    [("easy", 0.25), ("medium", 0.5), ("hard", 0.75), (0.6, 0.6), (1, 1.0), (0, 0.0)],
)
def test_difficulty_is_of_the_view_before(named_difficulty: object, difficulty: float) -> None:
    (attempt,) = attempts_of(
        answer("question_view", "09:00", difficulty=0.9),
        answer("question_view", "09:01", difficulty=named_difficulty),
        answer("question_view", "09:02"),
        answer("question_submit", "09:03", is_correct=False),
        answer("question_view", "09:04", difficulty=0.1),
    )

    assert attempt["difficulty"] == difficulty


def test_difficulty_of_another_session_does_not_count() -> None:
    (attempt,) = attempts_of(
        answer("question_view", "09:00", session="other", difficulty="hard"),
        answer("question_submit", "09:01", is_correct=False),
    )

    assert attempt["difficulty"] is None


def test_sessions_and_days_count_the_attempts_of_the_mart() -> None:
    marts = build(
        answer("question_attempt", "09:00", is_correct=False),
        answer("question_submit", "09:01", is_correct=True),
        answer("question_submit", "09:02", session=None, is_correct=False),
    )

    assert [
        pick(row, "questions_attempted", "questions_correct") for row in marts["study_sessions"]
    ] == [(1, 1)]
    assert [
        pick(row, "questions_attempted", "questions_correct", "accuracy")
        for row in marts["daily_user_stats"]
    ] == [(2, 1, 0.5)]
