from quality.suites import study_sessions
from tests.quality.faults.planting import faults, required, set_each

SESSION = "update marts.study_sessions set "
RICH = " where pause_count = 1"
OPEN = "end_reason = 'open'"
FAULTS = faults(
    "study_sessions",
    {
        "columns_are_all_there": [
            ["alter table marts.study_sessions drop column reported_active_seconds"]
        ],
        "columns_have_their_types": [
            ["alter table marts.study_sessions alter column xp_earned type integer"]
        ],
        "required_values_are_never_null": set_each(
            "study_sessions", OPEN, "null", *required(study_sessions)
        ),
        "session_id_is_unique": [
            [f"insert into marts.study_sessions select * from marts.study_sessions where {OPEN}"]
        ],
        "end_reason_is_one_of_the_known": [[SESSION + "end_reason = 'crash'" + RICH]],
        "device_type_is_one_of_the_known": [[SESSION + "device_type = 'fridge'" + RICH]],
        "seconds_and_counts_are_never_negative": [
            [SESSION + "active_seconds = -1, idle_seconds = duration_seconds + 1 where " + OPEN],
            [SESSION + "paused_seconds = -1, idle_seconds = idle_seconds + 1 where " + OPEN],
            *set_each(
                "study_sessions",
                OPEN,
                "-1",
                "pause_count",
                "materials_completed",
                "chunks_read",
                "questions_correct",
                "ai_interactions",
                "xp_earned",
                "achievements_unlocked",
                "events_after_end_count",
            ),
        ],
        "only_open_sessions_are_active": [[SESSION + "is_active = not is_active" + RICH]],
        "sessions_end_with_their_last_event_unless_open": [
            [SESSION + "ended_at = ended_at + interval '1 second'" + RICH],
            [SESSION + "ended_at = null" + RICH],
            [SESSION + "ended_at = last_event_at where " + OPEN],
        ],
        "local_date_is_that_of_the_start": [
            [SESSION + "local_date = local_date + 1" + RICH],
            [SESSION + "timezone = 'Etc/GMT+12'" + RICH],
        ],
        "duration_is_from_start_to_last_event": [
            [
                SESSION + "duration_seconds = duration_seconds + 0.001,"
                " idle_seconds = idle_seconds + 0.001" + RICH
            ]
        ],
        "active_seconds_never_exceed_duration": [
            [SESSION + "active_seconds = duration_seconds + 5, idle_seconds = -5 where " + OPEN]
        ],
        "idle_seconds_are_what_remains": [[SESSION + "idle_seconds = idle_seconds + 1" + RICH]],
        "sessions_without_pause_have_no_paused_seconds": [
            [SESSION + "paused_seconds = 1, active_seconds = active_seconds - 1 where " + OPEN]
        ],
        "correct_answers_never_exceed_attempts": [[SESSION + "questions_correct = 2" + RICH]],
        "completed_materials_never_exceed_viewed": [[SESSION + "materials_completed = 3" + RICH]],
        "counted_events_fit_into_event_count": [
            [SESSION + "event_count = 0" + RICH],
            [SESSION + "questions_attempted = event_count + 1" + RICH],
        ],
        "only_ended_sessions_have_events_after_the_end": [
            [SESSION + "events_after_end_count = 1" + RICH],
            [
                SESSION + "events_after_end_count = event_count"
                " where local_date = '2025-03-01' and end_reason = 'explicit'"
            ],
        ],
        "sessions_rarely_go_on_after_their_end": [
            [SESSION + "events_after_end_count = 1 where end_reason = 'explicit'"]
        ],
        "clients_mostly_agree_on_active_time": [
            [SESSION + "reported_active_seconds = active_seconds + 61"]
        ],
        "clients_mostly_agree_on_durations": [
            [SESSION + "reported_duration_seconds = duration_seconds + 61"]
        ],
    },
)
