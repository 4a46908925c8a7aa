"""Cases worked out by hand of what a learner masters, misses and does, from the raw log on."""

from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from tests.dbt_project.conftest import MODELS, Dbt
from tests.dbt_project.streams import StudyEvent, happen, insert, instant, named

AS_OF = "2025-07-10T02:00:00+00:00"


def answer(at: str, learner: str, topic: str, is_correct: bool, **given: Any) -> StudyEvent:
    """An answer outside of any session, to a question of its own where none is named."""
    about: dict[str, Any] = {
        "question_id": f"{topic} {at}",
        "topic_id": topic,
        "is_correct": is_correct,
        **given,
    }
    return happen("question_submit", at, learner, **about)


# Weak in May, well since, and not back for more than thirty days.
RETURNER = [
    *(answer(f"2025-05-01 10:0{n}", "ria", "heart", False) for n in range(3)),
    *(answer(f"2025-05-02 10:0{n}", "ria", "heart", True) for n in range(4)),
    # The attempt that is never judged names the topic all the same.
    happen(
        *("question_attempt", "2025-06-20 10:00", "ria"),
        question_id="q0",
        topic_id="heart",
    ),
]

# The same wrong answer three times, under one topic; under another the question is another's.
MISLED = [
    answer("2025-07-01 10:00", "mia", "lung", False, question_id="q1", selected_answer="B"),
    answer("2025-07-01 10:01", "mia", "liver", True, question_id="q1", selected_answer="A"),
    answer("2025-07-01 10:02", "mia", "lung", False, question_id="q1", selected_answer="B"),
    answer("2025-07-01 10:02:30", "mia", "lung", False, question_id="q1", selected_answer="B"),
    happen("material_open", "2025-07-01 10:03", "mia", material_id="m", topic_id="kidney"),
]

# At 02:00 UTC of the 10th it is still the 9th in Los Angeles.
REGULAR = [
    *(
        event
        for day, minutes in (("06-11", 10), ("06-12", 20), ("07-02", 25), ("07-09", 15))
        for event in (
            happen(
                *("session_start", f"2025-{day} 16:00", "leo", day),
                timezone="America/Los_Angeles",
            ),
            happen("session_end", f"2025-{day} 16:{minutes}", "leo", day),
        )
    ),
    answer("2025-05-15 16:00", "leo", "heart", False),
    *(answer(f"2025-07-02 16:0{n}", "leo", "heart", True) for n in range(3)),
]


@pytest.fixture(scope="module")
def built_url(dbt: Dbt, shared_database_url: str) -> str:
    insert(shared_database_url, [*RETURNER, *MISLED, *REGULAR])
    ran = dbt("build", *MODELS, url=shared_database_url, as_of=AS_OF)
    assert ran.success, ran.stdout
    return shared_database_url


def read(url: str, mart: str, learner: str, *columns: str) -> list[dict[str, Any]]:
    """Read columns of a mart's rows of one learner, in the order of the columns."""
    query = sql.SQL("select {columns} from marts.{mart} where user_id = %s order by 1").format(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)), mart=sql.Identifier(mart)
    )
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(query, [named(learner)]).fetchall()


def test_mastery_counts_the_attempts_of_the_topic(built_url: str) -> None:
    (heart,) = read(
        *(built_url, "topic_mastery", "ria", "questions_attempted", "questions_correct"),
        *("event_count", "days_studied", "mastery_level", "last_attempt_at", "last_seen_at"),
        "as_of",
    )
    assert heart == {
        "questions_attempted": 7,
        "questions_correct": 4,
        "event_count": 8,
        "days_studied": 3,
        "mastery_level": "novice",
        "last_attempt_at": instant("2025-05-02 10:03"),
        "last_seen_at": instant("2025-06-20 10:00"),
        "as_of": instant("2025-07-10 00:00"),
    }


def test_gap_that_is_not_closed_keeps_when_it_was_first_detected(built_url: str) -> None:
    (known,) = read(
        *(built_url, "topic_mastery", "ria", "mastery_score", "mastery_low", "mastery_high")
    )
    low, high = known["mastery_low"], known["mastery_high"]
    certainty = min(max((0.8 - low) / (high - low), 0.1), 1)
    (gap,) = read(
        *(built_url, "knowledge_gaps", "ria", "gap_type", "status", "severity", "evidence"),
        *("first_detected_at", "resolved_at", "recommended_action"),
    )
    assert gap == {
        "gap_type": "weak",
        "status": "open",
        "severity": pytest.approx((1 - known["mastery_score"]) * certainty * 0.5),
        "evidence": {
            "questions_attempted": 7,
            "questions_correct": 4,
            "questions_seen": 7,
            "recent_attempts": 7,
            "recent_correct": 4,
            "recent_firm": 4,
            "recent_hinted": 0,
            "recent_unsure": 0,
            "recent_slow": 0,
            "misconceived_answers": 0,
            "misconceived_questions": 0,
            "days_since_last_attempt": None,
        },
        "first_detected_at": instant("2025-05-01 10:02"),
        "resolved_at": None,
        "recommended_action": "study_again",
    }


def test_misconception_is_of_the_topic_it_was_shown_in(built_url: str) -> None:
    gaps = read(built_url, "knowledge_gaps", "mia", "topic_id", "gap_type", "first_detected_at")
    assert gaps == [
        {
            "topic_id": "kidney",
            "gap_type": "unseen",
            "first_detected_at": instant("2025-07-08 10:03"),
        },
        {
            "topic_id": "lung",
            "gap_type": "misconception",
            "first_detected_at": instant("2025-07-01 10:02:30"),
        },
    ]


def test_windows_and_habits_are_by_the_learners_own_clock(built_url: str) -> None:
    (known,) = read(built_url, "topic_mastery", "leo", "mastery_score")
    (leo,) = read(
        *(built_url, "user_learning_metrics", "leo", "as_of_date", "days_active_7"),
        *("days_active_28", "days_active_90", "sessions_per_week", "preferred_hour"),
        *("median_session_seconds", "consistency", "accuracy_28", "learning_velocity"),
        *("topics_studied", "mean_mastery", "current_streak_days"),
    )
    assert leo == {
        "as_of_date": instant("2025-07-09").date(),
        # The 2nd lies eight dates back, the 11th of June 29.
        "days_active_7": 1,
        "days_active_28": 3,
        "days_active_90": 5,
        "sessions_per_week": 0.75,
        "preferred_hour": 9,
        "median_session_seconds": 1_050.0,
        "consistency": 0.75,
        "accuracy_28": 1.0,
        "learning_velocity": 1.0,
        "topics_studied": 1,
        "mean_mastery": pytest.approx(known["mastery_score"]),
        "current_streak_days": 1,
    }
