"""What must hold in `marts.topic_mastery`."""

from quality.suites.suite import answers_add_up, fact, make_suite, never_negative, query

COLUMNS = {
    "user_id": "uuid",
    "topic_id": "text",
    "event_count": "bigint",
    "days_studied": "bigint",
    "questions_attempted": "bigint",
    "questions_correct": "bigint",
    "accuracy": "double precision",
    "mastery_score": "double precision",
    "mastery_low": "double precision",
    "mastery_high": "double precision",
    "mastery_level": "text",
    "model_version": "text",
    "first_seen_at": "timestamp with time zone",
    "last_seen_at": "timestamp with time zone",
    "first_attempt_at": "timestamp with time zone",
    "last_attempt_at": "timestamp with time zone",
    "as_of": "timestamp with time zone",
}
NULLABLE = ("accuracy", "first_attempt_at", "last_attempt_at")

SUITE = make_suite(
    "topic_mastery",
    key=("user_id", "topic_id"),
    columns=COLUMNS,
    nullable=NULLABLE,
    checks=(
        never_negative("counts_are_never_negative", "questions_attempted", "questions_correct"),
        *answers_add_up(),
        fact(
            "events_cover_the_days_and_the_attempts",
            "A topic has an event, and at least as many as days or attempts.",
            broken_when="event_count < greatest(1, days_studied, questions_attempted)"
            " or days_studied < 1",
            column="event_count",
        ),
        fact(
            "mastery_lies_in_its_interval",
            "0 <= mastery_low <= mastery_score <= mastery_high <= 1.",
            broken_when="not (0 <= mastery_low and mastery_low <= mastery_score"
            " and mastery_score <= mastery_high and mastery_high <= 1)",
            column="mastery_score",
        ),
        fact(
            "mastery_level_is_borne_out_by_the_score",
            "A level needs its score, less what is forgiven once it was reached, and its answers;"
            " who has a score and answers enough has the level.",
            broken_when="""
                case mastery_level
                    when 'unseen' then questions_attempted > 0
                    when 'novice' then questions_attempted = 0
                        or mastery_score >= 0.5
                    when 'developing' then questions_attempted = 0 or mastery_score < 0.45
                        or mastery_score >= 0.7 and questions_attempted >= 3
                    when 'proficient' then questions_attempted < 3 or mastery_score < 0.65
                        or mastery_score >= 0.8 and questions_attempted >= 5
                    when 'mastered' then questions_attempted < 5 or mastery_score < 0.75
                    else mastery_level is not null
                end
            """,
            column="mastery_level",
        ),
        fact(
            "attempt_times_need_attempts",
            "Without attempts there is no time of one, with attempts there is.",
            broken_when="num_nulls(first_attempt_at, last_attempt_at)"
            " <> case when questions_attempted = 0 then 2 when questions_attempted > 0 then 0 end",
            column="last_attempt_at",
        ),
        fact(
            "attempts_lie_between_the_first_and_the_last_event",
            "Events and attempts have a first and a last, and every attempt is an event.",
            broken_when="first_seen_at > last_seen_at or first_attempt_at > last_attempt_at"
            " or first_attempt_at < first_seen_at or last_attempt_at > last_seen_at",
            column="first_seen_at",
        ),
        query(
            "scores_are_of_one_midnight",
            "All scores are of the same midnight (UTC): else a run left some of an older one.",
            """
            select * from (
                select as_of, max(as_of) over () as latest from {batch}
            ) as dated
            where as_of <> latest
                or as_of <> date_trunc('day', as_of at time zone 'UTC') at time zone 'UTC'
            """,
            column="as_of",
        ),
        query(
            "scores_are_of_one_model",
            "All scores are of the same model: those of two do not compare.",
            """
            select * from (
                select model_version, max(model_version) over () as latest from {batch}
            ) as versions
            where model_version <> latest
            """,
            column="model_version",
        ),
    ),
)
