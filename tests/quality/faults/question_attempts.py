from quality.suites import question_attempts
from tests.quality.faults.planting import faults, required, set_each

ATTEMPT = "update marts.question_attempts set "
FIRST = " where attempted_at < '2025-03-02'"
LATER = " where attempt_number = 5"
FAULTS = faults(
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
        "clients_mostly_agree_on_first_attempts": [
            [ATTEMPT + "reported_is_first_attempt = not is_first_attempt"],
        ],
        "clients_mostly_agree_on_attempt_numbers": [
            [ATTEMPT + "reported_attempt_number = 1"],
        ],
    },
)
