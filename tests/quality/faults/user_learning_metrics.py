from quality.suites import user_learning_metrics
from tests.quality.faults.planting import faults, required, set_each
from tests.quality.streams import named

LEARNER = "update marts.user_learning_metrics set "
ANN = f" where user_id = '{named('ann')}'"
BEN = f" where user_id = '{named('ben')}'"
CLEO = f" where user_id = '{named('cleo')}'"
IS_BEN = BEN.removeprefix(" where ")
FAULTS = faults(
    "user_learning_metrics",
    {
        "columns_are_all_there": [["alter table marts.user_learning_metrics drop column timezone"]],
        "columns_have_their_types": [
            ["alter table marts.user_learning_metrics alter column preferred_hour type integer"]
        ],
        "required_values_are_never_null": set_each(
            "user_learning_metrics", IS_BEN, "null", *required(user_learning_metrics)
        ),
        "user_id_is_unique": [
            [
                "insert into marts.user_learning_metrics"
                " select * from marts.user_learning_metrics" + BEN
            ]
        ],
        "seconds_and_counts_are_never_negative": [
            *set_each(
                *("user_learning_metrics", IS_BEN, "-1", "active_seconds_28"),
                *("materials_completed", "chunks_read", "ai_interactions", "searches"),
                *("xp_earned", "current_streak_days", "days_active_7", "sessions_per_week"),
                *("median_session_seconds", "topics_mastered"),
            ),
            [LEARNER + "questions_attempted_28 = -1, accuracy_28 = 0" + BEN],
            [
                LEARNER + "questions_correct = -1, accuracy = -1.0 / questions_attempted,"
                " questions_attempted_28 = 0, accuracy_28 = null" + ANN
            ],
        ],
        "correct_answers_never_exceed_attempts": [
            [LEARNER + "questions_correct = 24, accuracy = 24.0 / 23" + ANN]
        ],
        "accuracy_is_the_share_of_correct_answers": [
            [LEARNER + "accuracy = 0.9" + ANN],
            [LEARNER + "accuracy = null" + ANN],
            [LEARNER + "accuracy = 0" + BEN],
        ],
        "active_seconds_never_exceed_study_seconds": [
            [LEARNER + "active_seconds = study_seconds + 1" + ANN]
        ],
        "completed_materials_never_exceed_viewed": [[LEARNER + "materials_completed = 3" + ANN]],
        "counted_events_fit_into_event_count": [
            [LEARNER + "event_count = 0" + BEN],
            [LEARNER + "event_count = 22" + ANN],
            [LEARNER + "session_count = 3" + BEN],
            [LEARNER + "topics_studied = 3" + BEN],
            [LEARNER + "searches = 2" + BEN],
        ],
        "windows_lie_in_each_other": [
            [LEARNER + "days_active_7 = 2" + BEN],
            [LEARNER + "days_active_28 = 2" + BEN],
            [LEARNER + "days_active_90 = 2" + BEN],
            [LEARNER + "days_active_7 = 8" + ANN],
            [LEARNER + "days_active_28 = 29, days_active_90 = 29, days_active = 29" + ANN],
            [LEARNER + "days_active_90 = 91, days_active = 91" + ANN],
        ],
        "last_28_days_are_among_all": [
            [LEARNER + "sessions_per_week = 0.5" + BEN],
            [LEARNER + "questions_attempted_28 = 24, accuracy_28 = 0.5" + ANN],
            [LEARNER + "accuracy_28 = 0.95" + ANN],
            [LEARNER + "active_seconds_28 = active_seconds + 1" + ANN],
        ],
        "streaks_are_of_active_days": [
            [LEARNER + "current_streak_days = 2" + BEN],
            [LEARNER + "longest_streak_days = 2" + BEN],
        ],
        "learners_are_seen_first_before_last": [
            [LEARNER + "first_seen_at = last_seen_at + interval '1 second'" + BEN]
        ],
        "accuracy_28_is_between_0_and_1": [
            [LEARNER + "accuracy_28 = -0.1" + ANN],
            [LEARNER + "accuracy_28 = 1.1, questions_attempted_28 = 1" + ANN],
        ],
        "accuracy_of_28_days_needs_attempts": [
            [LEARNER + "accuracy_28 = 0" + BEN],
            [LEARNER + "accuracy_28 = null" + ANN],
        ],
        "habits_need_sessions": [
            [LEARNER + "preferred_hour = null" + BEN],
            [LEARNER + "preferred_hour = 9, median_session_seconds = 9" + CLEO],
        ],
        "preferred_hour_is_between_0_and_23": [
            [LEARNER + "preferred_hour = 24" + BEN],
            [LEARNER + "preferred_hour = -1" + BEN],
        ],
        "consistency_is_a_share_of_even_weeks": [
            [LEARNER + f"consistency = {wrong}" + BEN] for wrong in ("null", "0.2", "1.1")
        ],
        "mean_mastery_is_between_0_and_1": [
            [LEARNER + "mean_mastery = 1.1" + ANN],
            [LEARNER + "mean_mastery = -0.1" + ANN],
        ],
        "mastery_needs_topics": [
            [LEARNER + "topics_mastered = 3" + ANN],
            [LEARNER + "topics_studied = 0" + ANN],
        ],
        "learning_velocity_is_a_change_of_accuracy": [
            [LEARNER + "learning_velocity = 0" + BEN],
            [LEARNER + "learning_velocity = 0.95" + ANN],
            [LEARNER + "learning_velocity = -0.5" + ANN],
        ],
        "dates_are_of_one_instant": [
            [LEARNER + "as_of_date = as_of_date + 3" + BEN],
            [LEARNER + "as_of_date = as_of_date - 3" + BEN],
        ],
    },
)
