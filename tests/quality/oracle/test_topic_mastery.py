from datetime import UTC, datetime
from math import log

import pandas as pd
import pytest

from quality.oracle.mastery_model import Answer, LearnerModel, default_model
from tests.quality.streams import Row, event, instant, mastery_of, pick

explored = event("topic_explored", "09:00", topic_id="lung")


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


def test_score_of_a_stranger_is_that_of_the_model_without_features() -> None:
    row = mastery_of(event("topic_explored", "09:00", topic_id="heart"))["heart"]
    model = default_model()
    weights = model["coefficients"]
    easy = weights["question_logit"] + weights["question_first_logit"] + weights["topic_logit"]
    new = weights["question_new"] + weights["topic_new"] + weights["learner_new"]

    logit = log(row["mastery_score"] / (1 - row["mastery_score"]))

    assert logit == pytest.approx(model["intercept"] + easy * model["first_logit"] + new)
    assert row["mastery_low"] < row["mastery_score"] < row["mastery_high"]
    assert pick(row, "mastery_level", "accuracy", "first_attempt_at", "last_attempt_at") == (
        *("unseen", None),
        *(None, None),
    )


def test_who_answers_right_is_believed_more_than_who_answers_wrong() -> None:
    soon = datetime(2025, 3, 11, tzinfo=UTC)
    rows = [mastery_of(*answers(n, 8 - n), as_of=soon)["heart"] for n in (0, 3, 5, 7, 8)]
    scores = [row["mastery_score"] for row in rows]

    assert scores == sorted(scores)
    assert rows[0]["mastery_level"] == "novice"
    assert rows[0]["mastery_high"] < rows[-1]["mastery_low"]


def test_answers_to_other_topics_tell_of_the_learner() -> None:
    others = [mastery_of(*answers(*counts), explored)["lung"] for counts in ((9, 0), (0, 9))]

    assert others[0]["mastery_score"] > others[1]["mastery_score"] + 0.1


def test_what_is_not_practised_fades() -> None:
    late, later = (
        mastery_of(*answers(8, 0), as_of=datetime(2025, month, 1, tzinfo=UTC))["heart"]
        for month in (4, 6)
    )

    assert late["mastery_score"] > later["mastery_score"]


def test_level_is_kept_until_the_score_is_clearly_below() -> None:
    """By a model that knows only the last answer: 0.81 after a right one, else a little less."""
    logit = {score: log(score / (1 - score)) for score in (0.81, 0.76, 0.74)}
    for wrong, expected in ((0.76, "mastered"), (0.74, "proficient")):
        model = {
            "version": "last",
            "first_logit": 0.0,
            "again_logit": 0.0,
            "intercept": logit[wrong],
            "settled": 0.1,
            "unsettled": 0.0,
            "pace": 1.0,
            "coefficients": {"topic_last_right": logit[0.81] - logit[wrong]},
        }
        learner = LearnerModel(model)
        levels = []
        for number, right in enumerate((True, True, True, True, True, False, False)):
            learner.add("heart", Answer(float(number), right, False, None, True))
            levels.append(learner.level("heart", learner.believe("heart", number).score))

        assert levels[:4] == ["developing", "developing", "proficient", "proficient"]
        assert levels[4:] == ["mastered", expected, expected]


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
