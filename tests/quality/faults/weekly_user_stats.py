from quality.suites import weekly_user_stats
from tests.quality.faults.planting import faults, required, set_each

WEEK = "update marts.weekly_user_stats set "
ALL_WEEKS = " select * from marts.weekly_user_stats where "
# The last week of a learner of many, and the only week of one who answered nothing.
RICH = " where week_start_date = '2025-03-24' and searches = 1"
ONLY = "event_count = 2"
FAULTS = faults(
    "weekly_user_stats",
    {
        "columns_are_all_there": [["alter table marts.weekly_user_stats drop column chunks_read"]],
        "columns_have_their_types": [
            ["alter table marts.weekly_user_stats alter column days_active type integer"]
        ],
        "required_values_are_never_null": set_each(
            "weekly_user_stats", ONLY, "null", *required(weekly_user_stats)
        ),
        "user_id_and_week_start_date_are_unique": [
            ["insert into marts.weekly_user_stats" + ALL_WEEKS + ONLY]
        ],
        "weeks_begin_on_monday": [
            [WEEK + "week_start_date = week_start_date - 1 where " + ONLY],
            [WEEK + "week_start_date = week_start_date + 1 where " + ONLY],
        ],
        "seconds_and_counts_are_never_negative": set_each(
            "weekly_user_stats",
            ONLY,
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
        ),
        "days_active_is_between_0_and_7": [
            [WEEK + "days_active = 8" + RICH],
            [WEEK + "days_active = -1" + RICH],
        ],
        "study_seconds_is_between_0_and_612000": [[WEEK + "study_seconds = 612001" + RICH]],
        "active_seconds_never_exceed_study_seconds": [
            [WEEK + "active_seconds = study_seconds + 1 where " + ONLY]
        ],
        "correct_answers_never_exceed_attempts": [
            [
                WEEK + "questions_correct = 2, accuracy = 2,"
                " accuracy_change = accuracy_change + 2 - accuracy" + RICH
            ]
        ],
        "accuracy_is_the_share_of_correct_answers": [
            [WEEK + "accuracy = 0.5, accuracy_change = accuracy_change + 0.5 - accuracy" + RICH],
            [WEEK + "accuracy = null, accuracy_change = null" + RICH],
            [WEEK + "accuracy = 0 where " + ONLY],
        ],
        "completed_materials_never_exceed_viewed": [[WEEK + "materials_completed = 3" + RICH]],
        "counted_events_fit_into_event_count": [
            [WEEK + "event_count = 0 where " + ONLY],
            [WEEK + "searches = event_count + 1" + RICH],
            [WEEK + "days_active = 3 where " + ONLY],
        ],
        "weeks_of_study_have_an_active_day": [[WEEK + "days_active = 0" + RICH]],
        "accuracy_change_is_from_the_week_before": [
            [WEEK + "accuracy_change = accuracy_change + 0.01" + RICH],
            [WEEK + "accuracy_change = null" + RICH],
            [WEEK + "accuracy_change = 0 where " + ONLY],
            # A week that is gone takes with it what the next was compared with.
            [
                "delete from marts.weekly_user_stats where week_start_date = '2025-03-17'",
                WEEK + "active_seconds_change = null" + RICH,
            ],
        ],
        "active_seconds_change_is_from_the_week_before": [
            [WEEK + "active_seconds_change = active_seconds_change + 0.001" + RICH],
            [WEEK + "active_seconds_change = null" + RICH],
            [WEEK + "active_seconds_change = active_seconds where " + ONLY],
        ],
    },
)
