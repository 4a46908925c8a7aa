from quality.suites import daily_user_stats
from tests.quality.faults.planting import faults, required, set_each

DAY = "update marts.daily_user_stats set "
ALL_DAYS = " select * from marts.daily_user_stats"
RICH_DAY = " where local_date = '2025-03-24'"
FAULTS = faults(
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
