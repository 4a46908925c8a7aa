"""What must hold in `marts.daily_user_stats`."""

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
    "local_date": "date",
    "week_start_date": "date",
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
    "streak_days": "bigint",
}
NULLABLE = ("accuracy",)

SUITE = make_suite(
    "daily_user_stats",
    key=("user_id", "local_date"),
    columns=COLUMNS,
    nullable=NULLABLE,
    checks=(
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
            "streak_days",
        ),
        # The longest day a clock change makes: Troll station in Antarctica turns back two hours.
        between("study_seconds", 0, 93_600, unit="seconds; the longest local day has 26 hours"),
        active_within_study(),
        *answers_add_up(),
        completed_within_viewed(),
        fact(
            "counted_events_fit_into_event_count",
            "A day has at least the events that its counts of different things need, and one.",
            broken_when="event_count < greatest(1, session_count, questions_attempted"
            " + ai_interactions + searches + greatest(materials_viewed, chunks_read))",
            column="event_count",
        ),
        query(
            "streaks_grow_by_one_from_day_to_day",
            "A streak is 1, or one more than that of the day before; 0 on a day of nothing but "
            "gamification.",
            """
            select * from (
                select *, case lag(local_date) over learner
                    when local_date - 1 then lag(streak_days) over learner else 0
                end + 1 as expected
                from {batch}
                window learner as (partition by user_id order by local_date)
            ) as streaks
            where streak_days > 0 and streak_days <> expected
            """,
            column="streak_days",
        ),
        fact(
            "days_of_study_have_a_streak",
            "A day on which the learner did something counts as a day of the streak.",
            broken_when="streak_days = 0 and questions_attempted + materials_viewed"
            " + topics_studied + ai_interactions + searches > 0",
            column="streak_days",
        ),
    ),
)
