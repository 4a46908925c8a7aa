"""`marts.mastery_history` against the attempts it goes by."""

from quality.reconciliation.statement import Reconciliation

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "history_has_every_date_with_attempts",
        "Each date (UTC) on which a learner answered a topic is there and counts all answers "
        "to it so far; the key is learner, topic and date.",
        "mastery_history",
        """
        select
            user_id,
            topic_id,
            utc_date,
            sum(answers) over (partition by user_id, topic_id order by utc_date) as amount
        from (
            select
                user_id,
                topic_id,
                utc_date,
                sum(attempt_count) as answers
            from counted_attempts where topic_id is not null
            group by user_id, topic_id, utc_date
        ) as counted
        """,
        """
        select user_id, topic_id, utc_date, questions_attempted as amount
        from marts.mastery_history
        """,
        key=("user_id", "topic_id", "utc_date"),
    ),
    Reconciliation(
        "history_ends_with_all_right_answers",
        "The last date of a topic counts all right answers of question_attempts.",
        "mastery_history",
        """
        select user_id, topic_id, max(questions_correct) as amount
        from marts.mastery_history group by user_id, topic_id
        """,
        """
        select user_id, topic_id, sum(correct_count) as amount
        from counted_attempts where topic_id is not null group by user_id, topic_id
        """,
        key=("user_id", "topic_id"),
    ),
)
