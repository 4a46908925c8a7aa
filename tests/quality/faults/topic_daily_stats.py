from quality.suites import topic_daily_stats
from tests.quality.faults.planting import faults, required, set_each

TOPIC = "update marts.topic_daily_stats set "
ALL_TOPICS = " select * from marts.topic_daily_stats where "
ANSWERED = " where topic_id = 'lung'"
UNANSWERED = "topic_id = 'kidney'"
FAULTS = faults(
    "topic_daily_stats",
    {
        "columns_are_all_there": [["alter table marts.topic_daily_stats drop column accuracy"]],
        "columns_have_their_types": [
            ["alter table marts.topic_daily_stats alter column learners type integer"]
        ],
        "required_values_are_never_null": set_each(
            "topic_daily_stats", UNANSWERED, "null", *required(topic_daily_stats)
        ),
        "topic_id_and_local_date_are_unique": [
            ["insert into marts.topic_daily_stats" + ALL_TOPICS + UNANSWERED]
        ],
        "seconds_and_counts_are_never_negative": set_each(
            "topic_daily_stats",
            UNANSWERED,
            "-1",
            "study_seconds",
            "questions_correct",
            "ai_questions",
        ),
        "topics_have_a_learner": [[TOPIC + "learners = 0, study_seconds = 0" + ANSWERED]],
        "learners_study_no_longer_than_a_day": [[TOPIC + "study_seconds = 93601" + ANSWERED]],
        "correct_answers_never_exceed_attempts": [
            [TOPIC + "questions_correct = 2, accuracy = 2" + ANSWERED]
        ],
        "accuracy_is_the_share_of_correct_answers": [
            [TOPIC + "accuracy = 0.5" + ANSWERED],
            [TOPIC + "accuracy = null" + ANSWERED],
            [TOPIC + "accuracy = 0 where " + UNANSWERED],
        ],
        "median_time_to_answer_seconds_is_between_0_and_86400": [
            [TOPIC + "median_time_to_answer_seconds = -0.5" + ANSWERED],
            [TOPIC + "median_time_to_answer_seconds = 86401" + ANSWERED],
        ],
        "hint_rate_is_between_0_and_1": [
            [TOPIC + "hint_rate = 2" + ANSWERED],
            [TOPIC + "hint_rate = -1" + ANSWERED],
        ],
        "first_attempt_accuracy_is_between_0_and_1": [
            [TOPIC + "first_attempt_accuracy = 1.5" + ANSWERED],
            [TOPIC + "first_attempt_accuracy = -1, questions_correct = 0, accuracy = 0" + ANSWERED],
        ],
        "hint_rate_is_a_share_of_the_attempts": [
            [TOPIC + "hint_rate = 0.5" + ANSWERED],
            [TOPIC + "hint_rate = null" + ANSWERED],
            [TOPIC + "hint_rate = 0 where " + UNANSWERED],
        ],
        "first_attempts_are_among_the_attempts": [
            [TOPIC + "first_attempt_accuracy = 0" + ANSWERED],
            [TOPIC + "questions_correct = 0, accuracy = 0" + ANSWERED],
            [TOPIC + "first_attempt_accuracy = 1 where " + UNANSWERED],
        ],
        "times_to_answer_need_attempts": [
            [TOPIC + "median_time_to_answer_seconds = 0 where " + UNANSWERED]
        ],
    },
)
