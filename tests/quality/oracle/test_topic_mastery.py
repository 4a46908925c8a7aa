from datetime import UTC, datetime

import pandas as pd
import pytest

from tests.quality.streams import Row, event, instant, mastery_of, pick


def answers(right: int, wrong: int, topic: str = "heart") -> list[Row]:
    return [
        event(
            *("question_submit", f"10:{number:02}"),
            question_id=f"q{number}",
            topic_id=topic,
            is_correct=number < right,
        )
        for number in range(right + wrong)
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "score", "level"),
    [
        (0, 1, 1 / 3, "novice"),
        (1, 1, 0.5, "developing"),
        (1, 0, 2 / 3, "developing"),
        (2, 0, 0.75, "proficient"),
        (5, 0, 6 / 7, "proficient"),
        (6, 0, 7 / 8, "mastered"),
        (9, 1, 10 / 12, "proficient"),
        (10, 1, 11 / 13, "mastered"),
        (40, 15, 41 / 57, "proficient"),
    ],
)
def test_level_follows_the_score_and_how_sure_it_is(
    right: int, wrong: int, score: float, level: str
) -> None:
    row = mastery_of(*answers(right, wrong))["heart"]

    assert row["mastery_score"] == pytest.approx(score, abs=1e-12)
    assert row["mastery_level"] == level


@pytest.mark.parametrize(
    ("right", "wrong", "low", "high"),
    # The examples of the definitions.
    [(1, 0, 0.207, 1), (6, 0, 0.610, 1), (8, 2, 0.490, 0.943), (0, 6, 0, 0.390)],
)
def test_interval_is_wilsons(right: int, wrong: int, low: float, high: float) -> None:
    row = mastery_of(*answers(right, wrong))["heart"]

    assert pick(row, "mastery_low", "mastery_high") == pytest.approx((low, high), abs=5e-4)


def test_topic_without_attempts_is_a_coin_toss() -> None:
    row = mastery_of(event("topic_explored", "09:00", topic_id="heart"))["heart"]

    assert pick(row, "mastery_score", "mastery_low", "mastery_high") == (0.5, 0, 1)
    assert pick(row, "mastery_level", "accuracy", "first_attempt_at", "last_attempt_at") == (
        *("unseen", None),
        *(None, None),
    )


def test_topics_are_those_that_the_learners_own_events_name() -> None:
    topics = mastery_of(
        event("topic_explored", "09:00", topic_id="heart"),
        event("material_open", "2025-03-12T09:00", session=None, topic_id="heart", material_id="m"),
        event("search_performed", "09:01"),
        event("level_up", "09:02", topic_id="lung", new_level=2),
        event("topic_explored", "09:03", user="ben", session=None, topic_id="liver"),
    )

    assert [*topics] == ["heart"]
    assert pick(
        topics["heart"], "event_count", "days_studied", "first_seen_at", "last_seen_at"
    ) == (
        *(2, 2),
        *(instant("09:00"), instant("2025-03-12T09:00")),
    )


def test_attempts_are_those_of_the_learner_and_topic() -> None:
    row = mastery_of(
        *answers(1, 1),
        event("question_submit", "11:00", question_id="q", topic_id="lung", is_correct=True),
        event("question_submit", "11:01", question_id="q", is_correct=True),
        event("question_attempt", "11:02", question_id="q9", topic_id="heart"),
        event(
            *("question_submit", "11:03"),
            user="ben",
            session=None,
            question_id="q",
            topic_id="heart",
            is_correct=True,
        ),
    )["heart"]

    assert pick(row, "questions_attempted", "questions_correct", "accuracy") == (2, 1, 0.5)
    assert pick(row, "first_attempt_at", "last_attempt_at") == (instant("10:00"), instant("10:01"))
    # An attempt that was never judged is an event, and no attempt.
    assert pick(row, "event_count", "last_seen_at") == (3, instant("11:02"))


def test_score_is_of_the_midnight_that_begins_the_date() -> None:
    row = mastery_of(
        *answers(1, 0), as_of=datetime.fromisoformat("2025-03-11T01:59:59.999999+02:00")
    )["heart"]

    assert row["as_of"] == pd.Timestamp(datetime(2025, 3, 10, tzinfo=UTC))
