"""`marts.topic_mastery` against staging and the attempts."""

from quality.reconciliation.statement import Reconciliation

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "mastery_holds_every_event_that_names_a_topic",
        "Every event of a learner that names a topic and is not gamification is counted there; "
        "the key is learner and topic.",
        "topic_mastery",
        """
        select concat_ws(' ', user_id, topic_id) as key, count(*) as amount
        from intermediate.int_events_logged
        where topic_id is not null and event_type not in (
            'xp_earned', 'level_up', 'achievement_unlocked', 'streak_continued', 'streak_broken'
        )
        group by 1
        """,
        """
        select concat_ws(' ', user_id, topic_id) as key, event_count as amount
        from marts.topic_mastery
        """,
    ),
    Reconciliation(
        "mastery_counts_every_attempt_that_names_a_topic",
        "A learner's attempts at a topic are those of question_attempts.",
        "topic_mastery",
        """
        select concat_ws(' ', user_id, topic_id) as key, count(*) as amount
        from marts.question_attempts where topic_id is not null group by 1
        """,
        """
        select concat_ws(' ', user_id, topic_id) as key, questions_attempted as amount
        from marts.topic_mastery
        """,
    ),
    Reconciliation(
        "mastery_counts_every_correct_answer_that_names_a_topic",
        "A learner's correct answers to a topic are those of question_attempts.",
        "topic_mastery",
        """
        select concat_ws(' ', user_id, topic_id) as key, count(*) as amount
        from marts.question_attempts where topic_id is not null and is_correct group by 1
        """,
        """
        select concat_ws(' ', user_id, topic_id) as key, questions_correct as amount
        from marts.topic_mastery
        """,
    ),
)
