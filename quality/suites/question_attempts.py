"""What must hold in `marts.question_attempts`."""

from quality.suites.suite import Severity, between, fact, make_suite, query

COLUMNS = {
    "event_id": "uuid",
    "user_id": "uuid",
    "session_id": "uuid",
    "question_id": "text",
    "topic_id": "text",
    "attempted_at": "timestamp with time zone",
    "local_date": "date",
    "time_to_answer_seconds": "double precision",
    "is_correct": "boolean",
    "confidence_level": "bigint",
    "selected_answer": "text",
    "correct_answer": "text",
    "is_first_attempt": "boolean",
    "attempt_number": "bigint",
    "days_since_last_attempt": "double precision",
    "hint_used": "boolean",
    "explanation_viewed": "boolean",
    "difficulty": "double precision",
    "reported_is_first_attempt": "boolean",
    "reported_attempt_number": "bigint",
}
NULLABLE = (
    "session_id",
    "topic_id",
    "time_to_answer_seconds",
    "confidence_level",
    "selected_answer",
    "correct_answer",
    "days_since_last_attempt",
    "difficulty",
    "reported_is_first_attempt",
    "reported_attempt_number",
)

SUITE = make_suite(
    "question_attempts",
    key=("event_id",),
    columns=COLUMNS,
    nullable=NULLABLE,
    private=("selected_answer", "correct_answer"),
    checks=(
        between("time_to_answer_seconds", 0, 86_400, unit="seconds"),
        between("confidence_level", 1, 5, unit="1 guessed, 5 certain"),
        between("difficulty", 0, 1, unit="1 is the hardest"),
        query(
            "attempt_numbers_count_up_from_one",
            "The attempts of a learner at a question are numbered 1, 2, ... in order, no number "
            "missing or twice.",
            """
            select * from (
                select *, row_number() over (
                    partition by user_id, question_id order by attempted_at, event_id
                ) as expected
                from {batch}
            ) as numbered
            where attempt_number <> expected
            """,
            column="attempt_number",
        ),
        fact(
            "first_attempts_are_number_one",
            "is_first_attempt says the same as attempt_number.",
            broken_when="is_first_attempt <> (attempt_number = 1)",
            column="is_first_attempt",
        ),
        query(
            "days_since_last_attempt_are_the_gap",
            "days_since_last_attempt is the time since the learner's attempt before at the "
            "question, in days of 86,400 s; null for the first.",
            """
            select * from (
                select *, extract(epoch from attempted_at - lag(attempted_at) over (
                    partition by user_id, question_id order by attempted_at, event_id
                )) / 86400.0 as expected
                from {batch}
            ) as gaps
            where (days_since_last_attempt is null) <> (expected is null)
                or abs(days_since_last_attempt - expected) > 1e-9
            """,
            column="days_since_last_attempt",
        ),
        fact(
            "local_date_is_within_a_day_of_utc",
            "No time zone is further than a day from UTC.",
            broken_when="abs(local_date - cast(attempted_at at time zone 'UTC' as date)) > 1",
            column="local_date",
        ),
        query(
            "clients_mostly_agree_on_first_attempts",
            "Of the attempts whose client said whether they were the first, nine in ten are what "
            "it said.",
            """
            select * from (
                select count(*) filter (where reported_is_first_attempt <> is_first_attempt)
                    as attempts,
                    count(reported_is_first_attempt) as all_attempts
                from {batch}
            ) as share
            where attempts > 0.1 * all_attempts
            """,
            column="reported_is_first_attempt",
            severity=Severity.WARNING,
        ),
        query(
            "clients_mostly_agree_on_attempt_numbers",
            "Of the attempts whose client numbered them, nine in ten bear our number: else the "
            "client forgets, or events are lost on the way.",
            """
            select * from (
                select count(*) filter (where reported_attempt_number <> attempt_number)
                    as attempts,
                    count(reported_attempt_number) as all_attempts
                from {batch}
            ) as share
            where attempts > 0.1 * all_attempts
            """,
            column="reported_attempt_number",
            severity=Severity.WARNING,
        ),
    ),
)
