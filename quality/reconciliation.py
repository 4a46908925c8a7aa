"""Sums that must agree between the layers: staging and marts, and the marts among themselves.

Each reconciliation is two queries that give an amount for each key; the keys on which they
disagree are the finding. They are independent of each other, so a fault shows where it is.
Staging and marts are read, raw never: what staging lost on the way is for the oracle to find.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import LiteralString


class Relation(StrEnum):
    """How the amounts of a key must stand to each other."""

    EQUAL = "equals"
    AT_MOST = "is at most"


@dataclass(frozen=True)
class Reconciliation:
    """Two queries with the columns `key` and `amount`; a key that one does not have is 0 there."""

    name: str
    description: str
    table: str
    left: LiteralString
    right: LiteralString
    relation: Relation = Relation.EQUAL


RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "every_session_id_is_a_session",
        "The sessions are the session_ids of the events, no more and no fewer.",
        "study_sessions",
        """
        select distinct session_id as key, 1 as amount
        from staging.stg_study_events where session_id is not null
        """,
        "select session_id as key, 1 as amount from marts.study_sessions",
    ),
    Reconciliation(
        "sessions_hold_the_events_of_their_learner",
        "A session counts every event that carries its id and is its learner's, once.",
        "study_sessions",
        """
        select events.session_id as key, count(*) as amount
        from staging.stg_study_events as events
        join marts.study_sessions using (session_id, user_id)
        group by 1
        """,
        "select session_id as key, event_count as amount from marts.study_sessions",
    ),
    Reconciliation(
        "sessions_hold_their_pauses",
        "The pauses of a session are the session_pause events of its learner in it.",
        "study_sessions",
        """
        select events.session_id as key, count(*) as amount
        from staging.stg_study_events as events
        join marts.study_sessions using (session_id, user_id)
        where events.event_type = 'session_pause'
        group by 1
        """,
        "select session_id as key, pause_count as amount from marts.study_sessions",
    ),
    Reconciliation(
        "sessions_hold_their_xp",
        "The XP of a session are those of the xp_earned events of its learner in it.",
        "study_sessions",
        """
        select events.session_id as key, sum(events.xp_amount) as amount
        from staging.stg_study_events as events
        join marts.study_sessions using (session_id, user_id)
        where events.event_type = 'xp_earned'
        group by 1
        """,
        "select session_id as key, xp_earned as amount from marts.study_sessions",
    ),
    Reconciliation(
        "sessions_count_their_attempts",
        "A session's attempts are its rows of question_attempts.",
        "study_sessions",
        """
        select session_id as key, count(*) as amount
        from marts.question_attempts where session_id is not null
        group by 1
        """,
        "select session_id as key, questions_attempted as amount from marts.study_sessions",
    ),
    Reconciliation(
        "sessions_count_their_correct_answers",
        "A session's correct answers are its correct rows of question_attempts.",
        "study_sessions",
        """
        select session_id as key, count(*) as amount
        from marts.question_attempts where session_id is not null and is_correct
        group by 1
        """,
        "select session_id as key, questions_correct as amount from marts.study_sessions",
    ),
    Reconciliation(
        "sessions_view_the_materials_of_their_interactions",
        "A session's materials are its rows of material_interactions.",
        "material_interactions",
        "select session_id as key, count(*) as amount from marts.material_interactions group by 1",
        "select session_id as key, materials_viewed as amount from marts.study_sessions",
    ),
    Reconciliation(
        "sessions_read_the_chunks_of_their_interactions",
        "A session's chunks are the sum over its materials: no chunk is of two.",
        "material_interactions",
        """
        select session_id as key, sum(chunks_read) as amount
        from marts.material_interactions group by 1
        """,
        "select session_id as key, chunks_read as amount from marts.study_sessions",
    ),
    Reconciliation(
        "sessions_complete_at_most_their_complete_interactions",
        "Each material that a session completed is complete in material_interactions.",
        "material_interactions",
        "select session_id as key, materials_completed as amount from marts.study_sessions",
        """
        select session_id as key, count(*) as amount
        from marts.material_interactions where is_complete group by 1
        """,
        Relation.AT_MOST,
    ),
    Reconciliation(
        "every_submit_is_an_attempt",
        "No question_submit is lost on its way to question_attempts.",
        "question_attempts",
        """
        select event_id as key, 1 as amount
        from staging.stg_study_events where event_type = 'question_submit'
        """,
        "select event_id as key, 1 as amount from marts.question_attempts",
        Relation.AT_MOST,
    ),
    Reconciliation(
        "every_attempt_is_an_answer",
        "Each row of question_attempts is a question_attempt or question_submit event.",
        "question_attempts",
        "select event_id as key, 1 as amount from marts.question_attempts",
        """
        select event_id as key, 1 as amount
        from staging.stg_study_events
        where event_type in ('question_attempt', 'question_submit')
        """,
        Relation.AT_MOST,
    ),
    Reconciliation(
        "days_hold_every_event",
        "A learner's events are those of the learner's days: each is on one day.",
        "daily_user_stats",
        "select user_id as key, count(*) as amount from staging.stg_study_events group by 1",
        "select user_id as key, sum(event_count) as amount from marts.daily_user_stats group by 1",
    ),
    Reconciliation(
        "days_count_every_session_once",
        "A session counts on the day of its first event and on no other.",
        "daily_user_stats",
        """
        select concat_ws(' ', user_id, local_date) as key, count(*) as amount
        from marts.study_sessions group by 1
        """,
        """
        select concat_ws(' ', user_id, local_date) as key, session_count as amount
        from marts.daily_user_stats
        """,
    ),
    Reconciliation(
        "days_count_every_attempt_once",
        "A day's attempts are its rows of question_attempts, with a session or without.",
        "daily_user_stats",
        """
        select concat_ws(' ', user_id, local_date) as key, count(*) as amount
        from marts.question_attempts group by 1
        """,
        """
        select concat_ws(' ', user_id, local_date) as key, questions_attempted as amount
        from marts.daily_user_stats
        """,
    ),
    Reconciliation(
        "days_count_every_correct_answer_once",
        "A day's correct answers are its correct rows of question_attempts.",
        "daily_user_stats",
        """
        select concat_ws(' ', user_id, local_date) as key, count(*) as amount
        from marts.question_attempts where is_correct group by 1
        """,
        """
        select concat_ws(' ', user_id, local_date) as key, questions_correct as amount
        from marts.daily_user_stats
        """,
    ),
    Reconciliation(
        "days_hold_all_xp",
        "A learner's XP are those of the learner's days.",
        "daily_user_stats",
        """
        select user_id as key, sum(xp_amount) as amount
        from staging.stg_study_events where event_type = 'xp_earned' group by 1
        """,
        "select user_id as key, sum(xp_earned) as amount from marts.daily_user_stats group by 1",
    ),
    Reconciliation(
        "days_hold_all_questions_to_the_coach",
        "A learner's ai_question_asked events are those of the learner's days.",
        "daily_user_stats",
        """
        select user_id as key, count(*) as amount
        from staging.stg_study_events where event_type = 'ai_question_asked' group by 1
        """,
        """
        select user_id as key, sum(ai_interactions) as amount
        from marts.daily_user_stats group by 1
        """,
    ),
    Reconciliation(
        "days_hold_all_searches",
        "A learner's search_performed events are those of the learner's days.",
        "daily_user_stats",
        """
        select user_id as key, count(*) as amount
        from staging.stg_study_events where event_type = 'search_performed' group by 1
        """,
        "select user_id as key, sum(searches) as amount from marts.daily_user_stats group by 1",
    ),
    Reconciliation(
        "days_hold_no_more_study_than_sessions_lasted",
        "A learner's days hold at most the time the learner's sessions lasted: overlapping tabs "
        "count once, idle time not at all.",
        "daily_user_stats",
        """
        select user_id as key, sum(study_seconds) as amount
        from marts.daily_user_stats group by 1
        """,
        """
        select user_id as key, sum(duration_seconds) as amount
        from marts.study_sessions group by 1
        """,
        Relation.AT_MOST,
    ),
    Reconciliation(
        "days_hold_no_more_active_time_than_sessions",
        "A learner's days hold at most the active time of the learner's sessions: overlapping "
        "tabs count once.",
        "daily_user_stats",
        """
        select user_id as key, sum(active_seconds) as amount
        from marts.daily_user_stats group by 1
        """,
        """
        select user_id as key, sum(active_seconds) as amount
        from marts.study_sessions group by 1
        """,
        Relation.AT_MOST,
    ),
)
