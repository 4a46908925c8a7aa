"""`marts.topic_mastery` against staging and the attempts."""

from typing import LiteralString

from quality.reconciliation.statement import Reconciliation

_KEY = ("user_id", "topic_id")
_ATTEMPTS: LiteralString = """
select user_id, topic_id, sum(attempt_count) as attempts, sum(correct_count) as correct
from counted_attempts where topic_id is not null group by user_id, topic_id
"""
_TOPICS: LiteralString = """
select user_id, topic_id, questions_attempted, questions_correct from marts.topic_mastery
"""

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "mastery_holds_every_event_that_names_a_topic",
        "Every event of a learner that names a topic and is not gamification is counted there; "
        "the key is learner and topic.",
        "topic_mastery",
        """
        select user_id, topic_id, sum(study_count) as amount
        from counted_events where topic_id is not null group by user_id, topic_id
        """,
        "select user_id, topic_id, event_count as amount from marts.topic_mastery",
        key=_KEY,
    ),
    Reconciliation(
        "mastery_counts_every_attempt_that_names_a_topic",
        "A learner's attempts at a topic are those of question_attempts.",
        "topic_mastery",
        _ATTEMPTS,
        _TOPICS,
        key=_KEY,
        amounts=("attempts", "questions_attempted"),
    ),
    Reconciliation(
        "mastery_counts_every_correct_answer_that_names_a_topic",
        "A learner's correct answers to a topic are those of question_attempts.",
        "topic_mastery",
        _ATTEMPTS,
        _TOPICS,
        key=_KEY,
        amounts=("correct", "questions_correct"),
    ),
)
