"""What must hold in `marts.topic_daily_stats`."""

from quality.suites.suite import answers_add_up, between, fact, make_suite, never_negative

COLUMNS = {
    "topic_id": "text",
    "local_date": "date",
    "learners": "bigint",
    "study_seconds": "double precision",
    "questions_attempted": "bigint",
    "questions_correct": "bigint",
    "accuracy": "double precision",
    "median_time_to_answer_seconds": "double precision",
    "hint_rate": "double precision",
    "first_attempt_accuracy": "double precision",
    "ai_questions": "bigint",
}
NULLABLE = (
    "accuracy",
    "median_time_to_answer_seconds",
    "hint_rate",
    "first_attempt_accuracy",
)

SUITE = make_suite(
    "topic_daily_stats",
    key=("topic_id", "local_date"),
    columns=COLUMNS,
    nullable=NULLABLE,
    checks=(
        never_negative(
            "seconds_and_counts_are_never_negative",
            "study_seconds",
            "questions_correct",
            "ai_questions",
        ),
        fact(
            "topics_have_a_learner",
            "A topic has a row of a day because somebody was at it.",
            broken_when="learners < 1",
            column="learners",
        ),
        # The longest day a clock change makes: Troll station in Antarctica turns back two hours.
        fact(
            "learners_study_no_longer_than_a_day",
            "No learner studies a topic for more than the 26 hours of the longest local day.",
            broken_when="study_seconds > learners * 93600",
            column="study_seconds",
        ),
        *answers_add_up(),
        between("median_time_to_answer_seconds", 0, 86_400, unit="seconds"),
        between("hint_rate", 0, 1, unit="1 is a hint at every attempt"),
        between("first_attempt_accuracy", 0, 1, unit="1 is every first attempt correct"),
        fact(
            "hint_rate_is_a_share_of_the_attempts",
            "hint_rate is a whole number of attempts over questions_attempted; null without any.",
            broken_when="(hint_rate is null) <> (questions_attempted = 0)"
            " or abs(hint_rate * questions_attempted - round(hint_rate * questions_attempted))"
            " > 1e-6",
            column="hint_rate",
        ),
        fact(
            "first_attempts_are_among_the_attempts",
            "first_attempt_accuracy is of some of the attempts: above 0 one of them was correct, "
            "below 1 one was not.",
            broken_when="first_attempt_accuracy > 0 and questions_correct = 0"
            " or first_attempt_accuracy < 1 and questions_correct = questions_attempted",
            column="first_attempt_accuracy",
        ),
        fact(
            "times_to_answer_need_attempts",
            "Without attempts there is no time to answer.",
            broken_when="median_time_to_answer_seconds is not null and questions_attempted = 0",
            column="median_time_to_answer_seconds",
        ),
    ),
)
