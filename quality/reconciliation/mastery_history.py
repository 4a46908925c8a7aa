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
            concat_ws(' ', user_id, topic_id, cast(attempted_at at time zone 'UTC' as date)) as key,
            max(answers) as amount
        from (
            select
                user_id, topic_id, attempted_at,
                count(*) over (
                    partition by user_id, topic_id order by attempted_at
                ) as answers
            from marts.question_attempts where topic_id is not null
        ) as counted
        group by 1
        """,
        """
        select concat_ws(' ', user_id, topic_id, utc_date) as key, questions_attempted as amount
        from marts.mastery_history
        """,
    ),
    Reconciliation(
        "history_ends_with_all_right_answers",
        "The last date of a topic counts all right answers of question_attempts.",
        "mastery_history",
        """
        select concat_ws(' ', user_id, topic_id) as key, max(questions_correct) as amount
        from marts.mastery_history group by 1
        """,
        """
        select concat_ws(' ', user_id, topic_id) as key, count(*) as amount
        from marts.question_attempts where topic_id is not null and is_correct group by 1
        """,
    ),
)
