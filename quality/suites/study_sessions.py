"""What must hold in `marts.study_sessions`."""

from quality.suites.suite import (
    Severity,
    completed_within_viewed,
    fact,
    make_suite,
    never_negative,
    one_of,
    query,
)

COLUMNS = {
    "session_id": "uuid",
    "user_id": "uuid",
    "local_date": "date",
    "timezone": "text",
    "device_type": "text",
    "started_at": "timestamp with time zone",
    "last_event_at": "timestamp with time zone",
    "ended_at": "timestamp with time zone",
    "end_reason": "text",
    "is_active": "boolean",
    "duration_seconds": "double precision",
    "active_seconds": "double precision",
    "paused_seconds": "double precision",
    "idle_seconds": "double precision",
    "pause_count": "bigint",
    "materials_viewed": "bigint",
    "materials_completed": "bigint",
    "chunks_read": "bigint",
    "questions_attempted": "bigint",
    "questions_correct": "bigint",
    "ai_interactions": "bigint",
    "xp_earned": "bigint",
    "achievements_unlocked": "bigint",
    "event_count": "bigint",
    "events_after_end_count": "bigint",
    "reported_duration_seconds": "double precision",
    "reported_active_seconds": "double precision",
}
NULLABLE = ("device_type", "ended_at", "reported_duration_seconds", "reported_active_seconds")

SUITE = make_suite(
    "study_sessions",
    key=("session_id",),
    columns=COLUMNS,
    nullable=NULLABLE,
    checks=(
        one_of("end_reason", "explicit", "timeout", "open"),
        one_of("device_type", "web", "mobile", "tablet", "desktop"),
        never_negative(
            "seconds_and_counts_are_never_negative",
            "active_seconds",
            "paused_seconds",
            "pause_count",
            "materials_completed",
            "chunks_read",
            "questions_correct",
            "ai_interactions",
            "xp_earned",
            "achievements_unlocked",
            "events_after_end_count",
        ),
        fact(
            "only_open_sessions_are_active",
            "is_active says the same as end_reason.",
            broken_when="is_active <> (end_reason = 'open')",
        ),
        fact(
            "sessions_end_with_their_last_event_unless_open",
            "ended_at is last_event_at, and null while the session is open.",
            broken_when="ended_at is distinct from "
            "case when end_reason <> 'open' then last_event_at end",
        ),
        fact(
            "local_date_is_that_of_the_start",
            "local_date is the date of started_at on a clock in the session's time zone.",
            broken_when="local_date <> cast(started_at at time zone timezone as date)",
            column="local_date",
        ),
        fact(
            "duration_is_from_start_to_last_event",
            "duration_seconds is last_event_at - started_at, to the microsecond.",
            broken_when="abs(duration_seconds - extract(epoch from last_event_at - started_at))"
            " > 1e-6",
            column="duration_seconds",
        ),
        fact(
            "active_seconds_never_exceed_duration",
            "Active and paused time are parts of the duration.",
            broken_when="active_seconds + paused_seconds > duration_seconds + 1e-6",
            column="active_seconds",
        ),
        fact(
            "idle_seconds_are_what_remains",
            "idle_seconds is the duration without its active and paused parts.",
            broken_when="abs(duration_seconds - active_seconds - paused_seconds - idle_seconds)"
            " > 1e-6",
            column="idle_seconds",
        ),
        fact(
            "sessions_without_pause_have_no_paused_seconds",
            "Time is paused by a session_pause alone.",
            broken_when="paused_seconds > 0 and pause_count = 0",
            column="paused_seconds",
        ),
        fact(
            "correct_answers_never_exceed_attempts",
            "questions_correct counts a part of questions_attempted.",
            broken_when="questions_correct > questions_attempted",
            column="questions_correct",
        ),
        completed_within_viewed(),
        fact(
            "counted_events_fit_into_event_count",
            "A session has at least the events that its counts of different things need, and one.",
            broken_when="event_count < greatest(1, pause_count + questions_attempted"
            " + ai_interactions + achievements_unlocked + greatest(materials_viewed, chunks_read))",
            column="event_count",
        ),
        fact(
            "only_ended_sessions_have_events_after_the_end",
            "events_after_end_count needs a session_end, which it does not count itself.",
            broken_when="events_after_end_count > 0"
            " and (end_reason <> 'explicit' or events_after_end_count >= event_count)",
            column="events_after_end_count",
        ),
        query(
            "sessions_rarely_go_on_after_their_end",
            "At most one in twenty sessions has events after its session_end: more is a client "
            "that ends sessions too early.",
            """
            select * from (
                select count(*) filter (where events_after_end_count > 0) as sessions,
                    count(*) as all_sessions
                from {batch}
            ) as share
            where sessions > 0.05 * all_sessions
            """,
            column="events_after_end_count",
            severity=Severity.WARNING,
        ),
        query(
            "clients_mostly_agree_on_durations",
            "Of the sessions whose client reported a duration, nine in ten are within a minute or "
            "a tenth of ours: else its clock, or our understanding of it, is off.",
            """
            select * from (
                select count(*) filter (
                    where abs(reported_duration_seconds - duration_seconds)
                        > greatest(60, 0.1 * duration_seconds)
                ) as sessions,
                    count(reported_duration_seconds) as all_sessions
                from {batch}
            ) as share
            where sessions > 0.1 * all_sessions
            """,
            column="reported_duration_seconds",
            severity=Severity.WARNING,
        ),
        query(
            "clients_mostly_agree_on_active_time",
            "Of the sessions whose client reported active time, nine in ten are within a minute "
            "or a tenth of ours.",
            """
            select * from (
                select count(*) filter (
                    where abs(reported_active_seconds - active_seconds)
                        > greatest(60, 0.1 * active_seconds)
                ) as sessions,
                    count(reported_active_seconds) as all_sessions
                from {batch}
            ) as share
            where sessions > 0.1 * all_sessions
            """,
            column="reported_active_seconds",
            severity=Severity.WARNING,
        ),
    ),
)
