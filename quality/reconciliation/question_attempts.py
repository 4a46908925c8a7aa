"""`marts.question_attempts` against staging."""

from quality.reconciliation.statement import Reconciliation, Relation

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "every_submit_is_an_attempt",
        "No question_submit is lost on its way to question_attempts.",
        "question_attempts",
        "select event_id as key, 1 as amount from answer_events where is_submit",
        "select event_id as key, 1 as amount from marts.question_attempts",
        Relation.AT_MOST,
    ),
    Reconciliation(
        "every_attempt_is_an_answer",
        "Each row of question_attempts is a question_attempt or question_submit event.",
        "question_attempts",
        "select event_id as key, 1 as amount from marts.question_attempts",
        "select event_id as key, 1 as amount from answer_events",
        Relation.AT_MOST,
    ),
)
