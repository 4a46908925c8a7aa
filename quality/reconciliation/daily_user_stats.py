"""`marts.daily_user_stats` against staging, the sessions and the attempts."""

from typing import LiteralString

from quality.reconciliation.statement import Reconciliation, Relation

_DAY = ("user_id", "local_date")
_LEARNER = ("user_id",)
_ATTEMPTS: LiteralString = """
select user_id, local_date, sum(attempt_count) as attempts, sum(correct_count) as correct
from counted_attempts group by user_id, local_date
"""
_DAYS: LiteralString = """
select user_id, local_date, questions_attempted, questions_correct
from marts.daily_user_stats
"""
_EVENTS: LiteralString = """
select
    user_id,
    sum(event_count) as events,
    sum(xp_amount) as xp,
    sum(question_count) as questions,
    sum(search_count) as searches
from counted_events group by user_id
"""
_LIVES: LiteralString = """
select
    user_id,
    sum(event_count) as event_count,
    sum(xp_earned) as xp_earned,
    sum(ai_interactions) as ai_interactions,
    sum(searches) as searches,
    sum(study_seconds) as study_seconds,
    sum(active_seconds) as active_seconds
from marts.daily_user_stats group by user_id
"""
_SESSIONS: LiteralString = """
select user_id, sum(duration_seconds) as duration_seconds, sum(active_seconds) as active_seconds
from marts.study_sessions group by user_id
"""

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "days_hold_every_event",
        "A learner's events are those of the learner's days: each is on one day.",
        "daily_user_stats",
        _EVENTS,
        _LIVES,
        key=_LEARNER,
        amounts=("events", "event_count"),
    ),
    Reconciliation(
        "days_count_every_session_once",
        "A session counts on the day of its first event and on no other.",
        "daily_user_stats",
        """
        select user_id, local_date, count(*) as amount
        from marts.study_sessions group by user_id, local_date
        """,
        "select user_id, local_date, session_count as amount from marts.daily_user_stats",
        key=_DAY,
    ),
    Reconciliation(
        "days_count_every_attempt_once",
        "A day's attempts are its rows of question_attempts, with a session or without.",
        "daily_user_stats",
        _ATTEMPTS,
        _DAYS,
        key=_DAY,
        amounts=("attempts", "questions_attempted"),
    ),
    Reconciliation(
        "days_count_every_correct_answer_once",
        "A day's correct answers are its correct rows of question_attempts.",
        "daily_user_stats",
        _ATTEMPTS,
        _DAYS,
        key=_DAY,
        amounts=("correct", "questions_correct"),
    ),
    Reconciliation(
        "days_hold_all_xp",
        "A learner's XP are those of the learner's days.",
        "daily_user_stats",
        _EVENTS,
        _LIVES,
        key=_LEARNER,
        amounts=("xp", "xp_earned"),
    ),
    Reconciliation(
        "days_hold_all_questions_to_the_coach",
        "A learner's ai_question_asked events are those of the learner's days.",
        "daily_user_stats",
        _EVENTS,
        _LIVES,
        key=_LEARNER,
        amounts=("questions", "ai_interactions"),
    ),
    Reconciliation(
        "days_hold_all_searches",
        "A learner's search_performed events are those of the learner's days.",
        "daily_user_stats",
        _EVENTS,
        _LIVES,
        key=_LEARNER,
        amounts=("searches", "searches"),
    ),
    Reconciliation(
        "days_hold_no_more_study_than_sessions_lasted",
        "A learner's days hold at most the time the learner's sessions lasted: overlapping tabs "
        "count once, idle time not at all.",
        "daily_user_stats",
        _LIVES,
        _SESSIONS,
        Relation.AT_MOST,
        key=_LEARNER,
        amounts=("study_seconds", "duration_seconds"),
    ),
    Reconciliation(
        "days_hold_no_more_active_time_than_sessions",
        "A learner's days hold at most the active time of the learner's sessions: overlapping "
        "tabs count once.",
        "daily_user_stats",
        _LIVES,
        _SESSIONS,
        Relation.AT_MOST,
        key=_LEARNER,
        amounts=("active_seconds", "active_seconds"),
    ),
)
