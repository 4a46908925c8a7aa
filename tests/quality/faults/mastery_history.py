from quality.suites import mastery_history
from tests.quality.faults.planting import faults, required, set_each

HISTORY = "update marts.mastery_history set "
FIRST = " where topic_id = 'heart' and utc_date = '2025-03-01'"
LAST = " where topic_id = 'heart' and utc_date = '2025-03-22'"

FAULTS = faults(
    "mastery_history",
    {
        "columns_are_all_there": [["alter table marts.mastery_history drop column mastery_high"]],
        "columns_have_their_types": [
            ["alter table marts.mastery_history alter column mastery_level type varchar"]
        ],
        "required_values_are_never_null": set_each(
            "mastery_history", "utc_date = '2025-03-22'", "null", *required(mastery_history)
        ),
        "user_id_and_topic_id_and_utc_date_are_unique": [
            ["insert into marts.mastery_history select * from marts.mastery_history" + LAST]
        ],
        "mastery_level_is_one_of_the_known": [[HISTORY + "mastery_level = 'unseen'" + LAST]],
        "past_mastery_lies_in_its_interval": [
            [HISTORY + "mastery_low = mastery_score + 0.01" + FIRST],
            [HISTORY + "mastery_high = 1.01" + FIRST],
        ],
        "past_levels_take_answers": [
            [HISTORY + "mastery_level = 'mastered', mastery_score = 0.9, mastery_high = 1" + FIRST],
            [HISTORY + "mastery_level = 'proficient', mastery_score = 0.6, mastery_low = 0" + LAST],
        ],
        "dates_are_those_of_the_answers": [[HISTORY + "utc_date = '2025-02-28'" + FIRST]],
        "answers_grow_from_date_to_date": [
            [HISTORY + "questions_attempted = 20" + LAST],
            [HISTORY + "questions_correct = 23, questions_attempted = 22" + LAST],
            [HISTORY + "questions_correct = 0" + LAST],
        ],
    },
)
