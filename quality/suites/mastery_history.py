"""What must hold in `marts.mastery_history`."""

from quality.suites.suite import fact, make_suite, one_of, query

COLUMNS = {
    "user_id": "uuid",
    "topic_id": "text",
    "utc_date": "date",
    "attempted_at": "timestamp with time zone",
    "questions_attempted": "bigint",
    "questions_correct": "bigint",
    "mastery_score": "double precision",
    "mastery_low": "double precision",
    "mastery_high": "double precision",
    "mastery_level": "text",
    "model_version": "text",
}
NULLABLE = ()

SUITE = make_suite(
    "mastery_history",
    key=("user_id", "topic_id", "utc_date"),
    columns=COLUMNS,
    nullable=NULLABLE,
    checks=(
        one_of("mastery_level", "novice", "developing", "proficient", "mastered"),
        fact(
            "past_mastery_lies_in_its_interval",
            "0 <= mastery_low <= mastery_score <= mastery_high <= 1.",
            broken_when="not (0 <= mastery_low and mastery_low <= mastery_score"
            " and mastery_score <= mastery_high and mastery_high <= 1)",
            column="mastery_score",
        ),
        fact(
            "past_levels_take_answers",
            "A level takes its answers, and a score no further below it than is forgiven.",
            broken_when="""
                case mastery_level
                    when 'novice' then questions_attempted < 1 or mastery_score >= 0.5
                    when 'developing' then questions_attempted < 1 or mastery_score < 0.45
                    when 'proficient' then questions_attempted < 3 or mastery_score < 0.65
                    when 'mastered' then questions_attempted < 5 or mastery_score < 0.75
                end
            """,
            column="mastery_level",
        ),
        fact(
            "dates_are_those_of_the_answers",
            "utc_date is the date of attempted_at in UTC.",
            broken_when="utc_date <> cast(attempted_at at time zone 'UTC' as date)",
            column="utc_date",
        ),
        query(
            "answers_grow_from_date_to_date",
            "No later date of a topic has fewer answers or fewer right ones.",
            """
            select * from (
                select questions_attempted, questions_correct,
                    lag(questions_attempted) over dates as attempted_before,
                    lag(questions_correct) over dates as correct_before
                from {batch}
                window dates as (partition by user_id, topic_id order by utc_date)
            ) as grown
            where questions_correct > questions_attempted
                or questions_attempted < attempted_before or questions_correct < correct_before
            """,
            column="questions_attempted",
        ),
    ),
)
