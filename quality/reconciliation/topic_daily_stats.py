"""`marts.topic_daily_stats` against staging, the attempts, the sessions and the days."""

from typing import LiteralString

from quality.reconciliation.statement import Reconciliation, Relation

_DAY = ("local_date", "topic_id")
_ATTEMPTS: LiteralString = """
select local_date, topic_id, sum(attempt_count) as attempts, sum(correct_count) as correct
from counted_attempts where topic_id is not null group by local_date, topic_id
"""
_DAYS: LiteralString = """
select local_date, topic_id, questions_attempted, questions_correct from marts.topic_daily_stats
"""

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "topics_count_every_attempt_that_names_them",
        "A topic's attempts of a day are the rows of question_attempts that name it.",
        "topic_daily_stats",
        _ATTEMPTS,
        _DAYS,
        key=_DAY,
        amounts=("attempts", "questions_attempted"),
    ),
    Reconciliation(
        "topics_count_every_correct_answer_that_names_them",
        "A topic's correct answers of a day are the correct rows of question_attempts that name "
        "it.",
        "topic_daily_stats",
        _ATTEMPTS,
        _DAYS,
        key=_DAY,
        amounts=("correct", "questions_correct"),
    ),
    Reconciliation(
        "topics_hold_all_questions_to_the_coach",
        "A topic's days hold every ai_question_asked event that names it.",
        "topic_daily_stats",
        """
        select topic_id as key, sum(question_count) as amount
        from counted_events where topic_id is not null
        group by 1
        """,
        """
        select topic_id as key, sum(ai_questions) as amount
        from marts.topic_daily_stats group by 1
        """,
    ),
    Reconciliation(
        "topics_count_every_learner_who_studied_them",
        "Whoever studied a topic on a day, as the days count it, is among its learners; they may "
        "be more, for time goes on after midnight without an event.",
        "topic_daily_stats",
        """
        select local_date as key, sum(topics_studied) as amount
        from marts.daily_user_stats group by 1
        """,
        "select local_date as key, sum(learners) as amount from marts.topic_daily_stats group by 1",
        Relation.AT_MOST,
    ),
    Reconciliation(
        "topics_hold_no_more_time_than_sessions",
        "Time is spent on one topic at most, so all topics together hold at most the active time "
        "of all sessions.",
        "topic_daily_stats",
        # Added in whole microseconds: over years the sum of doubles would be off by more than the
        # tolerance, which where every event names a topic is all that parts the two.
        """
        select 'all' as key, sum(cast(study_seconds * 1e6 as bigint)) / 1e6 as amount
        from marts.topic_daily_stats
        """,
        """
        select 'all' as key, sum(cast(active_seconds * 1e6 as bigint)) / 1e6 as amount
        from marts.study_sessions
        """,
        Relation.AT_MOST,
    ),
)
