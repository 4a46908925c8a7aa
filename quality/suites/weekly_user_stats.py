"""What must hold in `marts.weekly_user_stats`."""

from quality.suites.suite import (
    active_within_study,
    answers_add_up,
    between,
    completed_within_viewed,
    fact,
    make_suite,
    never_negative,
    query,
)

COLUMNS = {
    "user_id": "uuid",
    "week_start_date": "date",
    "days_active": "bigint",
    "session_count": "bigint",
    "study_seconds": "double precision",
    "active_seconds": "double precision",
    "materials_viewed": "bigint",
    "materials_completed": "bigint",
    "chunks_read": "bigint",
    "questions_attempted": "bigint",
    "questions_correct": "bigint",
    "accuracy": "double precision",
    "topics_studied": "bigint",
    "ai_interactions": "bigint",
    "searches": "bigint",
    "xp_earned": "bigint",
    "event_count": "bigint",
    "accuracy_change": "double precision",
    "active_seconds_change": "double precision",
}
NULLABLE = ("accuracy", "accuracy_change", "active_seconds_change")

SUITE = make_suite(
    "weekly_user_stats",
    key=("user_id", "week_start_date"),
    columns=COLUMNS,
    nullable=NULLABLE,
    checks=(
        fact(
            "weeks_begin_on_monday",
            "week_start_date is a Monday, as ISO has it.",
            broken_when="extract(isodow from week_start_date) <> 1",
            column="week_start_date",
        ),
        never_negative(
            "seconds_and_counts_are_never_negative",
            "session_count",
            "active_seconds",
            "materials_completed",
            "chunks_read",
            "questions_correct",
            "topics_studied",
            "ai_interactions",
            "searches",
            "xp_earned",
        ),
        between("days_active", 0, 7, unit="days"),
        between("study_seconds", 0, 612_000, unit="seconds; the longest local week has 170 hours"),
        active_within_study(),
        *answers_add_up(),
        completed_within_viewed(),
        fact(
            "counted_events_fit_into_event_count",
            "A week has at least the events that its counts of different things need, and one.",
            broken_when="event_count < greatest(1, days_active, session_count, questions_attempted"
            " + ai_interactions + searches + greatest(materials_viewed, chunks_read))",
            column="event_count",
        ),
        fact(
            "weeks_of_study_have_an_active_day",
            "A week in which the learner did something has a day of the streak.",
            broken_when="days_active = 0 and questions_attempted + materials_viewed"
            " + topics_studied + ai_interactions + searches > 0",
            column="days_active",
        ),
        query(
            "accuracy_change_is_from_the_week_before",
            "accuracy_change is accuracy less that of the calendar week before; null if either is.",
            """
            select * from (
                select *, case lag(week_start_date) over learner
                    when week_start_date - 7 then accuracy - lag(accuracy) over learner
                end as expected
                from {batch}
                window learner as (partition by user_id order by week_start_date)
            ) as changes
            where (accuracy_change is null) <> (expected is null)
                or abs(accuracy_change - expected) > 1e-9
            """,
            column="accuracy_change",
        ),
        query(
            "active_seconds_change_is_from_the_week_before",
            "active_seconds_change is active_seconds less those of the calendar week before; null "
            "if the learner has no row for it.",
            """
            select * from (
                select *, case lag(week_start_date) over learner
                    when week_start_date - 7 then active_seconds - lag(active_seconds) over learner
                end as expected
                from {batch}
                window learner as (partition by user_id order by week_start_date)
            ) as changes
            where (active_seconds_change is null) <> (expected is null)
                or abs(active_seconds_change - expected) > 1e-6
            """,
            column="active_seconds_change",
        ),
    ),
)
