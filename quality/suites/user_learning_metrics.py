"""What must hold in `marts.user_learning_metrics`."""

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
    "timezone": "text",
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
    "ai_interactions": "bigint",
    "searches": "bigint",
    "xp_earned": "bigint",
    "event_count": "bigint",
    "current_streak_days": "bigint",
    "longest_streak_days": "bigint",
    "days_active_7": "bigint",
    "days_active_28": "bigint",
    "days_active_90": "bigint",
    "active_seconds_28": "double precision",
    "questions_attempted_28": "bigint",
    "accuracy_28": "double precision",
    "sessions_per_week": "double precision",
    "median_session_seconds": "double precision",
    "preferred_hour": "bigint",
    "consistency": "double precision",
    "mean_mastery": "double precision",
    "topics_studied": "bigint",
    "topics_mastered": "bigint",
    "learning_velocity": "double precision",
    "as_of_date": "date",
    "first_seen_at": "timestamp with time zone",
    "last_seen_at": "timestamp with time zone",
}
NULLABLE = (
    "accuracy",
    "accuracy_28",
    "median_session_seconds",
    "preferred_hour",
    "consistency",
    "mean_mastery",
    "learning_velocity",
)

SUITE = make_suite(
    "user_learning_metrics",
    key=("user_id",),
    columns=COLUMNS,
    nullable=NULLABLE,
    checks=(
        never_negative(
            "seconds_and_counts_are_never_negative",
            "active_seconds_28",
            "materials_completed",
            "chunks_read",
            "questions_attempted_28",
            "questions_correct",
            "ai_interactions",
            "searches",
            "xp_earned",
            "current_streak_days",
            "days_active_7",
            "sessions_per_week",
            "median_session_seconds",
            "topics_mastered",
        ),
        *answers_add_up(),
        active_within_study(),
        completed_within_viewed(),
        fact(
            "counted_events_fit_into_event_count",
            "A learner has at least the events that counts of different things need, and one.",
            broken_when="event_count < greatest(1, days_active, session_count, topics_studied,"
            " questions_attempted + ai_interactions + searches"
            " + greatest(materials_viewed, chunks_read))",
            column="event_count",
        ),
        fact(
            "windows_lie_in_each_other",
            "A window has no more active days than dates, nor than the longer one it lies in.",
            broken_when="days_active_7 > least(7, days_active_28)"
            " or days_active_28 > least(28, days_active_90)"
            " or days_active_90 > least(90, days_active)",
            column="days_active_28",
        ),
        fact(
            "last_28_days_are_among_all",
            "Sessions, attempts, correct answers and time of the last 28 days are some of all.",
            broken_when="sessions_per_week * 4 > session_count"
            " or questions_attempted_28 > questions_attempted"
            " or accuracy_28 * questions_attempted_28 > questions_correct + 1e-6"
            " or active_seconds_28 > active_seconds + 1e-6",
        ),
        fact(
            "streaks_are_of_active_days",
            "The streak of now is no longer than the longest, and that than all active days.",
            broken_when="current_streak_days > longest_streak_days"
            " or longest_streak_days > days_active",
            column="longest_streak_days",
        ),
        fact(
            "learners_are_seen_first_before_last",
            "first_seen_at is no later than last_seen_at.",
            broken_when="first_seen_at > last_seen_at",
            column="first_seen_at",
        ),
        between("accuracy_28", 0, 1, unit="1 is every answer correct"),
        fact(
            "accuracy_of_28_days_needs_attempts",
            "accuracy_28 is null without attempts in the last 28 days, and only then.",
            broken_when="(accuracy_28 is null) <> (questions_attempted_28 = 0)",
            column="accuracy_28",
        ),
        fact(
            "habits_need_sessions",
            "Without sessions there is no median and no hour, with sessions there are.",
            broken_when="num_nulls(median_session_seconds, preferred_hour)"
            " <> case when session_count = 0 then 2 else 0 end",
            column="preferred_hour",
        ),
        between("preferred_hour", 0, 23, unit="hours"),
        fact(
            "consistency_is_a_share_of_even_weeks",
            "consistency lies between 0.25 and 1; null without an active day in four weeks.",
            broken_when="(consistency is null) <> (days_active_28 = 0)"
            " or consistency < 0.25 or consistency > 1",
            column="consistency",
        ),
        between("mean_mastery", 0, 1, unit="1 is every answer correct"),
        fact(
            "mastery_needs_topics",
            "Topics mastered are some of those studied; without any there is no mean.",
            broken_when="topics_mastered > topics_studied"
            " or mean_mastery is not null and topics_studied = 0",
            column="topics_mastered",
        ),
        fact(
            "learning_velocity_is_a_change_of_accuracy",
            "learning_velocity leads from an accuracy, 0..1, to accuracy_28; null without that.",
            broken_when="learning_velocity is not null and accuracy_28 is null"
            " or accuracy_28 - learning_velocity < -1e-9"
            " or accuracy_28 - learning_velocity > 1 + 1e-9",
            column="learning_velocity",
        ),
        query(
            "dates_are_of_one_instant",
            "No two clocks are more than two dates apart: else a run left rows of an older one.",
            """
            select * from (select as_of_date, max(as_of_date) over () as latest from {batch})
                as dates
            where latest - as_of_date > 2
            """,
            column="as_of_date",
        ),
    ),
)
