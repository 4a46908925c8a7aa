from quality.suites import topic_mastery
from tests.quality.faults.planting import faults, required, set_each

TOPIC = "update marts.topic_mastery set "
HEART = " where topic_id = 'heart'"
PANCREAS = " where topic_id = 'pancreas'"
FAULTS = faults(
    "topic_mastery",
    {
        "columns_are_all_there": [["alter table marts.topic_mastery drop column days_studied"]],
        "columns_have_their_types": [
            ["alter table marts.topic_mastery alter column topic_id type varchar"]
        ],
        "required_values_are_never_null": set_each(
            "topic_mastery", "topic_id = 'pancreas'", "null", *required(topic_mastery)
        ),
        "user_id_and_topic_id_are_unique": [
            ["insert into marts.topic_mastery select * from marts.topic_mastery" + HEART]
        ],
        "counts_are_never_negative": [
            [
                TOPIC + "questions_correct = -1, accuracy = -1.0 / questions_attempted,"
                " mastery_score = 0, mastery_low = 0, mastery_level = 'novice'" + HEART
            ]
        ],
        "correct_answers_never_exceed_attempts": [
            [
                TOPIC + "questions_correct = 23, accuracy = 23.0 / 22, mastery_score = 1,"
                " mastery_high = 1, mastery_level = 'mastered'" + HEART
            ]
        ],
        "accuracy_is_the_share_of_correct_answers": [
            [TOPIC + "accuracy = 0.6" + HEART],
            [TOPIC + "accuracy = null" + HEART],
            [TOPIC + "accuracy = 0" + PANCREAS],
        ],
        "events_cover_the_days_and_the_attempts": [
            [TOPIC + "event_count = 21" + HEART],
            [TOPIC + "days_studied = 23" + HEART],
            [TOPIC + "days_studied = 0" + PANCREAS],
            [TOPIC + "event_count = 0, days_studied = 0" + PANCREAS],
        ],
        "mastery_lies_in_its_interval": [
            [TOPIC + "mastery_low = mastery_score + 0.01" + HEART],
            [TOPIC + "mastery_high = mastery_score - 0.01" + HEART],
            [TOPIC + "mastery_low = -0.1" + HEART],
            [TOPIC + "mastery_high = 1.1" + HEART],
        ],
        "mastery_level_is_borne_out_by_the_score": [
            [TOPIC + "mastery_level = 'unseen'" + HEART],
            [TOPIC + "mastery_level = 'mastered'" + HEART],
            [TOPIC + "mastery_level = 'developing'" + PANCREAS],
            [TOPIC + "mastery_level = 'novice'" + PANCREAS],
            [TOPIC + "mastery_level = 'expert'" + HEART],
        ],
        "attempt_times_need_attempts": [
            [TOPIC + "last_attempt_at = null" + HEART],
            [TOPIC + "first_attempt_at = last_seen_at, last_attempt_at = last_seen_at" + PANCREAS],
        ],
        "attempts_lie_between_the_first_and_the_last_event": [
            [TOPIC + "first_attempt_at = first_seen_at - interval '1 second'" + HEART],
            [TOPIC + "last_attempt_at = last_seen_at + interval '1 second'" + HEART],
            [TOPIC + "first_attempt_at = last_seen_at, last_attempt_at = first_seen_at" + HEART],
            [TOPIC + "last_seen_at = first_seen_at - interval '1 second'" + PANCREAS],
        ],
        "scores_are_of_one_midnight": [
            [TOPIC + "as_of = as_of - interval '1 day'" + HEART],
            [TOPIC + "as_of = as_of + interval '1 second'"],
        ],
        "scores_are_of_one_model": [[TOPIC + "model_version = 'laplace-0'" + HEART]],
    },
)
