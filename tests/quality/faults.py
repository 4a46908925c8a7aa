"""Faults to plant in the healthy warehouse: (mart, the check that must find it, statements)."""

from types import ModuleType

from quality.suites import (
    daily_user_stats,
    material_interactions,
    question_attempts,
    study_sessions,
)

Fault = tuple[str, str, list[str]]


def faults(table: str, planted: dict[str, list[list[str]]]) -> list[Fault]:
    return [
        (table, check, statements) for check, several in planted.items() for statements in several
    ]


def required(mart: ModuleType) -> list[str]:
    return [name for name in mart.COLUMNS if name not in mart.NULLABLE]


def set_each(table: str, where: str, value: str, *columns: str) -> list[list[str]]:
    return [[f"update marts.{table} set {name} = {value} where {where}"] for name in columns]


SESSION = "update marts.study_sessions set "
RICH = " where pause_count = 1"
OPEN = "end_reason = 'open'"
SESSIONS = faults(
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
        "clients_mostly_agree_on_durations": [
            [SESSION + "reported_duration_seconds = duration_seconds + 61"]
        ],
    },
)

ATTEMPT = "update marts.question_attempts set "
FIRST = " where attempted_at < '2025-03-02'"
LATER = " where attempt_number = 5"
ATTEMPTS = faults(
    "question_attempts",
    {
        "columns_are_all_there": [
            ["alter table marts.question_attempts drop column selected_answer"]
        ],
        "columns_have_their_types": [
            ["alter table marts.question_attempts alter column topic_id type varchar"]
        ],
        "required_values_are_never_null": set_each(
            "question_attempts", "question_id = 'q2'", "null", *required(question_attempts)
        ),
        "event_id_is_unique": [
            [
                ATTEMPT + "event_id = (select event_id from marts.question_attempts"
                " where attempt_number = 1 and question_id = 'q1') where question_id = 'q2'"
            ]
        ],
        "time_to_answer_seconds_is_between_0_and_86400": [
            [ATTEMPT + "time_to_answer_seconds = -0.5" + FIRST],
            [ATTEMPT + "time_to_answer_seconds = 86401" + FIRST],
        ],
        "confidence_level_is_between_1_and_5": [
            [ATTEMPT + "confidence_level = 0" + FIRST],
            [ATTEMPT + "confidence_level = 6" + FIRST],
        ],
        "difficulty_is_between_0_and_1": [
            [ATTEMPT + "difficulty = 1.01" + FIRST],
            [ATTEMPT + "difficulty = -0.01" + FIRST],
        ],
        "attempt_numbers_count_up_from_one": [
            [ATTEMPT + "attempt_number = 6" + LATER],
            [ATTEMPT + "attempt_number = 23 where attempt_number = 22"],
        ],
        "first_attempts_are_number_one": [
            [ATTEMPT + "is_first_attempt = true" + LATER],
            [ATTEMPT + "is_first_attempt = false" + FIRST],
        ],
        "days_since_last_attempt_are_the_gap": [
            [ATTEMPT + "days_since_last_attempt = 0" + FIRST],
            [ATTEMPT + "days_since_last_attempt = null" + LATER],
            [ATTEMPT + "days_since_last_attempt = days_since_last_attempt + 0.0001" + LATER],
        ],
        "local_date_is_within_a_day_of_utc": [
            [ATTEMPT + "local_date = local_date + 2" + FIRST],
            [ATTEMPT + "local_date = local_date - 2" + FIRST],
        ],
        "clients_mostly_agree_on_attempt_numbers": [
            [ATTEMPT + "reported_attempt_number = 1"],
        ],
    },
)

INTERACTION = "update marts.material_interactions set "
READ = " where interaction_type = 'read'"
ANNOTATE = " where interaction_type = 'annotate'"
INTERACTIONS = faults(
    "material_interactions",
    {
        "columns_are_all_there": [["alter table marts.material_interactions drop column topic_id"]],
        "columns_have_their_types": [
            ["alter table marts.material_interactions alter column duration_seconds type numeric"]
        ],
        "required_values_are_never_null": set_each(
            "material_interactions",
            "interaction_type = 'annotate'",
            "null",
            *required(material_interactions),
        ),
        "session_id_and_material_id_are_unique": [
            [INTERACTION + "material_id = 'm' where material_id = 'n'"]
        ],
        "interaction_type_is_one_of_the_known": [
            [INTERACTION + "interaction_type = 'skim'" + READ],
        ],
        "scroll_depth_percent_is_between_0_and_100": [
            [INTERACTION + "scroll_depth_percent = 100.5" + READ],
            [INTERACTION + "scroll_depth_percent = -1" + READ],
        ],
        "seconds_and_counts_are_never_negative": set_each(
            "material_interactions",
            "interaction_type = 'read'",
            "-1",
            "duration_seconds",
            "chunks_read",
            "highlights_count",
            "notes_count",
        ),
        "interactions_never_end_before_they_start": [
            [INTERACTION + "ended_at = started_at - interval '1 microsecond'" + READ]
        ],
        "materials_read_to_the_end_are_complete": [[INTERACTION + "is_complete = false" + READ]],
        "annotations_hold_no_reading": [
            [INTERACTION + "duration_seconds = 1" + ANNOTATE],
            [INTERACTION + "chunks_read = 1" + ANNOTATE],
            [INTERACTION + "is_complete = true" + ANNOTATE],
            [INTERACTION + "material_type = 'pdf'" + ANNOTATE],
            [INTERACTION + "scroll_depth_percent = 5" + ANNOTATE],
        ],
        "annotations_have_an_annotation": [[INTERACTION + "notes_count = 0" + ANNOTATE]],
    },
)

DAY = "update marts.daily_user_stats set "
ALL_DAYS = " select * from marts.daily_user_stats"
RICH_DAY = " where local_date = '2025-03-24'"
DAYS = faults(
    "daily_user_stats",
    {
        "columns_are_all_there": [["alter table marts.daily_user_stats drop column session_count"]],
        "columns_have_their_types": [
            ["alter table marts.daily_user_stats alter column event_count type numeric"]
        ],
        "required_values_are_never_null": set_each(
            "daily_user_stats", "local_date = '2025-03-24'", "null", *required(daily_user_stats)
        ),
        "user_id_and_local_date_are_unique": [
            ["insert into marts.daily_user_stats" + ALL_DAYS + " where local_date = '2025-03-26'"]
        ],
        "seconds_and_counts_are_never_negative": set_each(
            "daily_user_stats",
            "local_date = '2025-03-26'",
            "-1",
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
        "study_seconds_is_between_0_and_93600": [
            [DAY + "study_seconds = 93601" + RICH_DAY],
        ],
        "active_seconds_never_exceed_study_seconds": [
            [DAY + "active_seconds = study_seconds + 1" + RICH_DAY]
        ],
        "correct_answers_never_exceed_attempts": [
            [DAY + "questions_correct = 2, accuracy = 2" + RICH_DAY]
        ],
        "accuracy_is_the_share_of_correct_answers": [
            [DAY + "accuracy = 0.5" + RICH_DAY],
            [DAY + "accuracy = null" + RICH_DAY],
            [DAY + "accuracy = 0 where local_date = '2025-03-26'"],
        ],
        "completed_materials_never_exceed_viewed": [[DAY + "materials_completed = 3" + RICH_DAY]],
        "counted_events_fit_into_event_count": [
            [DAY + "event_count = 0" + RICH_DAY],
            [DAY + "searches = event_count + 1" + RICH_DAY],
        ],
        "streaks_grow_by_one_from_day_to_day": [
            [DAY + "streak_days = 22" + RICH_DAY],
            [DAY + "streak_days = 1 where local_date = '2025-03-22'"],
            ["delete from marts.daily_user_stats where local_date = '2025-03-21'"],
        ],
        "days_of_study_have_a_streak": [[DAY + "streak_days = 0" + RICH_DAY]],
    },
)
FAULTS = SESSIONS + ATTEMPTS + INTERACTIONS + DAYS
