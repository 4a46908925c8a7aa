from datetime import date

import pytest

from tests.quality.streams import Row, event, pick, topics_of


def time_on(*events: Row) -> dict[str, float]:
    return {name: row["study_seconds"] for name, row in topics_of(*events).items()}


def test_span_is_spent_on_the_last_topic_named() -> None:
    # The example of the definitions.
    assert time_on(
        event("material_open", "10:00", material_id="m", topic_id="cardiology"),
        event("search_performed", "10:05"),
        event("question_submit", "10:15", question_id="q", topic_id="nephrology", is_correct=True),
        event("session_end", "10:20"),
    ) == {"cardiology": 900.0, "nephrology": 300.0}


def test_time_before_any_topic_is_spent_on_none() -> None:
    assert time_on(
        event("session_start", "10:00"),
        event("topic_explored", "10:20", topic_id="heart"),
        event("session_end", "10:25"),
    ) == {"heart": 300.0}


def test_topic_is_remembered_over_idle_time_within_the_session_alone() -> None:
    assert time_on(
        event("topic_explored", "10:00", topic_id="heart"),
        event("search_performed", "11:00"),
        event("session_end", "11:07"),
        event("session_start", "11:10", session="another"),
        event("session_end", "11:20", session="another"),
        event("topic_explored", "12:00", session=None, topic_id="lung"),
    ) == {"heart": 420.0, "lung": 0.0}


def test_gamification_names_no_topic() -> None:
    assert time_on(
        event("topic_explored", "10:00", topic_id="heart"),
        event("xp_earned", "10:05", topic_id="lung", xp_amount=1),
        event("session_end", "10:10"),
        event("level_up", "10:11", session=None, topic_id="kidney", new_level=2),
    ) == {"heart": 600.0}


def test_another_learners_event_names_no_topic_in_the_session() -> None:
    assert time_on(
        event("topic_explored", "10:00", topic_id="heart"),
        event("topic_explored", "10:05", user="ben", topic_id="lung"),
        event("session_end", "10:10"),
    ) == {"heart": 600.0, "lung": 0.0}


def test_only_the_active_part_of_a_span_is_spent_on_its_topic() -> None:
    assert time_on(
        event("topic_explored", "10:00", topic_id="heart"),
        event("session_pause", "10:10"),
        event("search_performed", "10:15", session=None),
        event("session_end", "10:20"),
    ) == {"heart": 900.0}


@pytest.mark.parametrize(("end", "spent"), [("10:30", 1_800.0), ("10:30:00.000001", 0.0)])
def test_span_longer_than_the_idle_limit_is_spent_on_nothing(end: str, spent: float) -> None:
    assert time_on(
        event("topic_explored", "10:00", topic_id="heart"), event("session_end", end)
    ) == {"heart": spent}


def test_tabs_on_one_topic_count_once_and_on_two_topics_twice() -> None:
    assert time_on(
        event("topic_explored", "10:00", session="one", topic_id="heart"),
        event("topic_explored", "10:10", session="two", topic_id="heart"),
        event("topic_explored", "10:10", session="three", topic_id="lung"),
        event("session_end", "10:20", session="one"),
        event("session_end", "10:25", session="three"),
        event("session_end", "10:30", session="two"),
    ) == {"heart": 1_800.0, "lung": 900.0}


def test_time_of_learners_adds_up() -> None:
    topics = topics_of(
        event("topic_explored", "10:00", session="ann's", topic_id="heart"),
        event("session_end", "10:10", session="ann's"),
        event("topic_explored", "10:05", user="ben", session="ben's", topic_id="heart"),
        event("session_end", "10:15", user="ben", session="ben's"),
        event("topic_explored", "10:06", user="cat", session=None, topic_id="heart"),
        event("ai_question_asked", "10:07", user="cat", session=None, topic_id="heart"),
    )

    assert pick(topics["heart"], "learners", "study_seconds") == (3, 1_200.0)


def test_time_after_midnight_makes_a_row_that_no_event_names() -> None:
    topics = topics_of(
        event("topic_explored", "2025-03-10T23:50", topic_id="heart"),
        event("session_end", "2025-03-11T00:05"),
    )

    assert {name: pick(row, "learners", "study_seconds") for name, row in topics.items()} == {
        "heart 2025-03-10": (1, 600.0),
        "heart 2025-03-11": (1, 300.0),
    }
    after = topics["heart 2025-03-11"]
    assert pick(after, "questions_attempted", "questions_correct", "ai_questions") == (0, 0, 0)
    assert pick(after, "accuracy", "hint_rate", "first_attempt_accuracy") == (None, None, None)


def test_pause_over_midnight_makes_no_row() -> None:
    assert time_on(
        event("topic_explored", "2025-03-10T23:50", topic_id="heart"),
        event("session_pause", "2025-03-10T23:55"),
        event("session_end", "2025-03-11T00:05"),
    ) == {"heart": 300.0}


def test_midnight_is_that_of_the_session() -> None:
    assert time_on(
        event("session_start", "2025-03-10T18:00", timezone="Asia/Kolkata"),
        event("topic_explored", "2025-03-10T18:25", topic_id="heart"),
        event("session_end", "2025-03-10T18:40"),
    ) == {"heart 2025-03-10": 300.0, "heart 2025-03-11": 600.0}


def test_row_is_of_the_local_dates_of_the_events() -> None:
    rows = topics_of(
        event("session_start", "2025-03-10T23:00", timezone="Asia/Tokyo"),
        event("topic_explored", "2025-03-10T23:00:01", topic_id="heart"),
        event("topic_explored", "2025-03-10T23:00:02", user="ben", session=None, topic_id="heart"),
    )

    assert {row["local_date"]: row["learners"] for row in rows.values()} == {
        date(2025, 3, 11): 1,
        date(2025, 3, 10): 1,
    }


def answer(
    at: str,
    *,
    user: str = "ann",
    topic: str | None = "heart",
    correct: bool = True,
    hint_used: bool = False,
    seconds: float | None = None,
) -> Row:
    return event(
        "question_submit",
        at,
        user=user,
        session=None,
        question_id="q",
        topic_id=topic,
        is_correct=correct,
        hint_used=hint_used,
        time_to_answer_seconds=seconds,
    )


def test_attempts_are_those_that_name_the_topic() -> None:
    topics = topics_of(
        answer("10:00", correct=False),
        answer("10:01", hint_used=True),
        answer("10:02", user="ben"),
        answer("10:03", user="ben", topic="lung", correct=False),
        answer("10:04", topic=None),
        event("question_view", "10:05", session=None, question_id="q", topic_id="kidney"),
    )

    names = ("questions_attempted", "questions_correct", "accuracy", "hint_rate")
    assert pick(topics["heart"], *names) == (3, 2, pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert pick(topics["lung"], *names) == (1, 0, 0.0, 0.0)
    assert pick(topics["kidney"], *names) == (0, 0, None, None)
    # Ann's first at the question was wrong, Ben's right; on the lung it was Ben's second.
    assert topics["heart"]["first_attempt_accuracy"] == 0.5
    assert topics["lung"]["first_attempt_accuracy"] is None


@pytest.mark.parametrize(
    ("times", "median"),
    [([], None), ([None], None), ([7], 7.0), ([1, 100, 2], 2.0), ([4, None, 1, 100, 3], 3.5)],
)
def test_median_is_of_the_times_reported(times: list[float | None], median: float | None) -> None:
    topics = topics_of(
        event("topic_explored", "09:00", session=None, topic_id="heart"),
        *(answer(f"10:{minute:02}", seconds=time) for minute, time in enumerate(times)),
    )

    assert topics["heart"]["median_time_to_answer_seconds"] == median


def test_ai_questions_are_those_that_name_the_topic() -> None:
    topics = topics_of(
        event("topic_explored", "10:00", topic_id="heart"),
        event("ai_question_asked", "10:01"),
        event("ai_question_asked", "10:02", topic_id="heart"),
        event("ai_question_asked", "10:03", session=None, topic_id="lung"),
        event("ai_hint_requested", "10:04", question_id="q", topic_id="lung"),
    )

    assert {name: row["ai_questions"] for name, row in topics.items()} == {"heart": 1, "lung": 1}
