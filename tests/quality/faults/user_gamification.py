from quality.suites import user_gamification
from tests.quality.faults.planting import faults, required, set_each

LEARNER = "update marts.user_gamification set "
ALL_LEARNERS = " select * from marts.user_gamification where "
RICH = " where total_xp > 0"
POOR = "total_xp = 0"
FAULTS = faults(
    "user_gamification",
    {
        "columns_are_all_there": [["alter table marts.user_gamification drop column level"]],
        "columns_have_their_types": [
            ["alter table marts.user_gamification alter column total_xp type integer"]
        ],
        "required_values_are_never_null": set_each(
            "user_gamification", POOR, "null", *required(user_gamification)
        ),
        "user_id_is_unique": [["insert into marts.user_gamification" + ALL_LEARNERS + POOR]],
        "counts_are_never_negative": [
            *set_each("user_gamification", POOR, "-1", "total_xp", "level", "current_streak"),
            [LEARNER + "longest_streak = -1, current_streak = -1 where " + POOR],
            [LEARNER + "reported_total_xp = -1, total_xp = -1" + RICH],
        ],
        "current_streak_never_exceeds_longest": [
            [LEARNER + "current_streak = longest_streak + 1" + RICH]
        ],
        "achievements_are_distinct_and_in_order": [
            [LEARNER + f"achievements = '{wrong}'" + RICH]
            for wrong in ('["a", "Z"]', '["a", "a"]', "[1]", "[null]", '"a"', '{"a": 1}', "null")
        ],
        "clients_mostly_agree_on_total_xp": [
            [LEARNER + "reported_total_xp = reported_total_xp - 1" + RICH]
        ],
    },
)
