"""`marts.question_attempts` against staging."""

from typing import LiteralString

from quality.reconciliation.statement import Reconciliation, Relation

_ANSWERS: LiteralString = """
select event_id, 1 as answers, cast(event_type = 'question_submit' as integer) as submits
from intermediate.int_events_logged
where event_type in ('question_attempt', 'question_submit')
"""
_ATTEMPTS: LiteralString = "select event_id, 1 as attempts from marts.question_attempts"

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "every_submit_is_an_attempt",
        "No question_submit is lost on its way to question_attempts.",
        "question_attempts",
        _ANSWERS,
        _ATTEMPTS,
        Relation.AT_MOST,
        key=("event_id",),
        amounts=("submits", "attempts"),
    ),
    Reconciliation(
        "every_attempt_is_an_answer",
        "Each row of question_attempts is a question_attempt or question_submit event.",
        "question_attempts",
        _ANSWERS,
        _ATTEMPTS,
        Relation.AT_LEAST,
        key=("event_id",),
        amounts=("answers", "attempts"),
    ),
)
