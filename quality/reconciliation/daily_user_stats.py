"""`marts.daily_user_stats` against staging, the sessions and the attempts."""

from quality.reconciliation.statement import Reconciliation, Relation

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "days_hold_every_event",
        "A learner's events are those of the learner's days: each is on one day.",
        "daily_user_stats",
        "select user_id as key, sum(event_count) as amount from counted_events group by 1",
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
        select concat_ws(' ', user_id, local_date) as key, sum(attempt_count) as amount
        from counted_attempts group by user_id, local_date
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
        select concat_ws(' ', user_id, local_date) as key, sum(correct_count) as amount
        from counted_attempts group by user_id, local_date
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
        select user_id as key, sum(xp_amount) as amount from counted_events group by 1
        """,
        "select user_id as key, sum(xp_earned) as amount from marts.daily_user_stats group by 1",
    ),
    Reconciliation(
        "days_hold_all_questions_to_the_coach",
        "A learner's ai_question_asked events are those of the learner's days.",
        "daily_user_stats",
        """
        select user_id as key, sum(question_count) as amount from counted_events group by 1
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
        select user_id as key, sum(search_count) as amount from counted_events group by 1
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
