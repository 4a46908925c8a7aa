"""`marts.study_sessions` against staging and against the marts of their attempts."""

from typing import LiteralString

from quality.reconciliation.statement import Reconciliation

_KEY = ("session_id",)
_SESSIONS: LiteralString = """
select session_id, event_count, pause_count, xp_earned, questions_attempted, questions_correct
from marts.study_sessions
"""
_OWN_EVENTS: LiteralString = """
select
    session_id,
    sum(events.event_count) as events,
    sum(events.pause_count) as pauses,
    sum(events.xp_amount) as xp
from counted_events as events
join marts.study_sessions using (session_id, user_id)
group by session_id
"""
_ATTEMPTS: LiteralString = """
select session_id, sum(attempt_count) as attempts, sum(correct_count) as correct
from counted_attempts where session_id is not null
group by session_id
"""

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "every_session_id_is_a_session",
        "The sessions are the session_ids of the events, no more and no fewer.",
        "study_sessions",
        """
        select distinct session_id as key, 1 as amount
        from counted_events where session_id is not null
        """,
        "select session_id as key, 1 as amount from marts.study_sessions",
    ),
    Reconciliation(
        "sessions_hold_the_events_of_their_learner",
        "A session counts every event that carries its id and is its learner's, once.",
        "study_sessions",
        _OWN_EVENTS,
        _SESSIONS,
        key=_KEY,
        amounts=("events", "event_count"),
    ),
    Reconciliation(
        "events_are_of_one_session_or_of_none",
        "A learner's events are counted once: in one of the learner's sessions or, without a "
        "session or with another learner's, in none.",
        "study_sessions",
        "select user_id as key, sum(event_count) as amount from counted_events group by 1",
        """
        select key, sum(amount) as amount from (
            select user_id as key, event_count as amount from marts.study_sessions
            union all
            select events.user_id, events.event_count
            from counted_events as events
            left join marts.study_sessions as own using (session_id, user_id)
            where own.session_id is null
        ) as counted
        group by 1
        """,
    ),
    Reconciliation(
        "sessions_hold_their_pauses",
        "The pauses of a session are the session_pause events of its learner in it.",
        "study_sessions",
        _OWN_EVENTS,
        _SESSIONS,
        key=_KEY,
        amounts=("pauses", "pause_count"),
    ),
    Reconciliation(
        "sessions_hold_their_xp",
        "The XP of a session are those of the xp_earned events of its learner in it.",
        "study_sessions",
        _OWN_EVENTS,
        _SESSIONS,
        key=_KEY,
        amounts=("xp", "xp_earned"),
    ),
    Reconciliation(
        "sessions_count_their_attempts",
        "A session's attempts are its rows of question_attempts.",
        "study_sessions",
        _ATTEMPTS,
        _SESSIONS,
        key=_KEY,
        amounts=("attempts", "questions_attempted"),
    ),
    Reconciliation(
        "sessions_count_their_correct_answers",
        "A session's correct answers are its correct rows of question_attempts.",
        "study_sessions",
        _ATTEMPTS,
        _SESSIONS,
        key=_KEY,
        amounts=("correct", "questions_correct"),
    ),
)
