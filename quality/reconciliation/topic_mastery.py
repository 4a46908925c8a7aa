"""`marts.topic_mastery` against staging and the attempts."""

from quality.reconciliation.statement import Reconciliation

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "mastery_holds_every_event_that_names_a_topic",
        "Every event of a learner that names a topic and is not gamification is counted there; "
        "the key is learner and topic.",
        "topic_mastery",
        """
        select concat_ws(' ', user_id, topic_id) as key, sum(study_count) as amount
        from counted_events where topic_id is not null group by user_id, topic_id
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
        select concat_ws(' ', user_id, topic_id) as key, sum(attempt_count) as amount
        from counted_attempts where topic_id is not null group by user_id, topic_id
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
        select concat_ws(' ', user_id, topic_id) as key, sum(correct_count) as amount
        from counted_attempts where topic_id is not null group by user_id, topic_id
        """,
        """
        select concat_ws(' ', user_id, topic_id) as key, questions_correct as amount
        from marts.topic_mastery
        """,
    ),
)
