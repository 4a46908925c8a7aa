"""Each rule by a case of its own."""

from typing import Any

import pytest

from ingestion.gamification.engine import Engine, name_mastery
from ingestion.gamification.rules import load_rules
from ingestion.gamification.state import LearnerState, Tally
from tests.ingestion.gamification.facts import (
    DAY,
    ONE_DAY,
    Event,
    attempt,
    fact,
    submit,
    told,
    total,
)

RULES = load_rules()
ENGINE = Engine(RULES)


def checked_in(**sums: Any) -> LearnerState:
    """A learner whose day is checked in already: only the awards in question are left."""
    return LearnerState(study_days={DAY}, checked_in_days={DAY}, **sums)


def earned(state: LearnerState, event: Event) -> list[tuple[str, int]]:
    return [
        (each["xp_source"], each["xp_amount"])
        for each in told(ENGINE.reward(state, event, DAY), "xp_earned")
    ]


def test_first_right_answer_to_a_question_earns_most() -> None:
    state = checked_in(unlocked={"first-question"})
    assert earned(state, submit("q1")) == [("question_correct", 10)]
    assert earned(state, submit("q1")) == [("question_correct", 5)]
    assert earned(state, submit("q2")) == [("question_correct", 10)]
    assert earned(state, submit("q2", right=False)) == [("question_attempt", 2)]
    assert earned(state, submit("q3", right=False)) == [("question_attempt", 2)]
    assert earned(state, submit("q3")) == [("question_correct", 5)]
    assert state.answers == {"q1": 2, "q2": 2, "q3": 2}


def test_attempt_and_its_submit_are_one_answer() -> None:
    state = checked_in(unlocked={"first-question"})
    assert earned(state, attempt("q1", right=None)) == []  # a choice not yet final
    assert earned(state, attempt("q1", right=True, session_id="s")) == [("question_correct", 10)]
    assert earned(state, submit("q1", session_id="s")) == []
    assert state.answered == 1
    assert earned(state, attempt("q2", right=False)) == [("question_attempt", 2)]
    assert earned(state, submit("q2", right=True)) == [("question_correct", 10)]
    assert state.answered == 2
    assert earned(state, attempt("q3", right=True)) == [("question_correct", 10)]
    assert earned(state, submit("q3", right=False)) == []
    assert earned(state, submit("q3", right=True)) == [("question_correct", 5)]


def test_attempt_of_another_session_is_an_answer_of_its_own() -> None:
    state = checked_in(unlocked={"first-question"})
    assert earned(state, attempt("q1", session_id="s")) == [("question_correct", 10)]
    assert earned(state, submit("q1", session_id="t")) == [("question_correct", 5)]
    assert state.answered == 2


def test_material_and_quiz_earn_what_the_rules_say() -> None:
    state = checked_in()
    assert earned(state, fact("material_complete")) == [("material_complete", 25)]
    quiz = fact("quiz_complete", properties={"correct_answers": 7})
    assert earned(state, quiz) == [("quiz_complete", 21)]
    boast = fact("quiz_complete", properties={"correct_answers": 2_000_000_000})
    assert earned(state, boast) == [("quiz_complete", 300)]
    # nothing is no award, and a quiz need not say
    assert earned(state, fact("quiz_complete", properties={"correct_answers": 0})) == []
    assert earned(state, fact("quiz_complete")) == []


def test_day_is_checked_in_by_its_first_event() -> None:
    state = LearnerState()
    first, second = (ENGINE.reward(state, fact(), DAY) for _ in range(2))
    assert [each["event_type"] for each in first] == ["streak_continued", "xp_earned"]
    assert told(first, "streak_continued") == [
        {"old_streak": 0, "new_streak": 1, "is_new_record": True}
    ]
    assert second == []
    following = ENGINE.reward(state, fact(), DAY + ONE_DAY)
    assert told(following, "streak_continued") == [
        {"old_streak": 1, "new_streak": 2, "is_new_record": True}
    ]
    assert total(following) == 10
    assert (state.streak, state.last_study_day) == (2, DAY + ONE_DAY)


def test_xp_of_a_streak_grow_to_a_bound() -> None:
    state = LearnerState()
    amounts = []
    for number in range(12):
        awards = ENGINE.reward(state, fact(), DAY + number * ONE_DAY)
        amounts += [
            each["xp_amount"] for each in told(awards, "xp_earned") if each["xp_source"] == "streak"
        ]
    assert amounts == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 50, 50]


def test_streak_begins_anew_after_a_missed_day() -> None:
    state = LearnerState(study_days={DAY - 4 * ONE_DAY, DAY - 3 * ONE_DAY, DAY - 2 * ONE_DAY})
    (continued,) = told(ENGINE.reward(state, fact(), DAY), "streak_continued")
    assert continued == {"old_streak": 0, "new_streak": 1, "is_new_record": False}


def test_day_before_the_last_one_is_not_checked_in_but_counts() -> None:
    state = LearnerState(study_days={DAY - 2 * ONE_DAY, DAY}, checked_in_days={DAY})
    awards = ENGINE.reward(state, fact(), DAY - ONE_DAY)
    assert told(awards, "streak_continued") == []
    assert [each["achievement_id"] for each in told(awards, "achievement_unlocked")] == ["streak-3"]
    assert state.streak == 3


@pytest.mark.parametrize(
    ("days", "achievement"), [(3, "streak-3"), (7, "streak-7"), (30, "streak-30")]
)
def test_streaks_unlock_their_achievement_once(days: int, achievement: str) -> None:
    before = {DAY - number * ONE_DAY for number in range(1, days)}
    state = LearnerState(study_days=before, unlocked={"streak-3", "streak-7"} - {achievement})
    awards = ENGINE.reward(state, fact(), DAY)
    (unlocked,) = told(awards, "achievement_unlocked")
    reward = {"streak-3": 30, "streak-7": 75, "streak-30": 300}[achievement]
    assert (unlocked["achievement_id"], unlocked["xp_reward"]) == (achievement, reward)
    assert unlocked["achievement_type"] == "streak"
    assert ("achievement", reward) in [
        (each["xp_source"], each["xp_amount"]) for each in told(awards, "xp_earned")
    ]
    assert ENGINE.reward(state, fact(), DAY) == []


@pytest.mark.parametrize(
    ("answered", "achievement"),
    [(0, "first-question"), (99, "questions-100"), (499, "questions-500"), (999, "questions-1000")],
)
def test_answers_unlock_their_achievement(answered: int, achievement: str) -> None:
    others = {each.id for each in RULES.answer_achievements} - {achievement}
    state = checked_in(answered=answered, unlocked=others)
    (unlocked,) = told(ENGINE.reward(state, submit(), DAY), "achievement_unlocked")
    assert unlocked["achievement_id"] == achievement
    assert unlocked["achievement_type"] == "milestone"


def test_answers_that_came_by_another_way_unlock_with_the_next() -> None:
    state = checked_in(answered=600)
    unlocked = told(ENGINE.reward(state, submit(), DAY), "achievement_unlocked")
    assert [each["achievement_id"] for each in unlocked] == [
        "first-question",
        "questions-100",
        "questions-500",
    ]


@pytest.mark.parametrize(
    ("answers", "right", "is_unlocked"),
    [(14, 14, True), (13, 13, False), (19, 14, True), (20, 14, False)],
)
def test_topic_is_mastered_by_right_answers_and_their_share(
    answers: int, right: int, is_unlocked: bool
) -> None:
    state = checked_in(topics={"renal-system": Tally(answers, right)}, unlocked={"first-question"})
    unlocked = told(
        ENGINE.reward(state, submit(topic_id="renal-system"), DAY), "achievement_unlocked"
    )
    assert [each["achievement_id"] for each in unlocked] == (
        ["mastery-renal-system"] if is_unlocked else []
    )
    if is_unlocked:
        assert unlocked[0]["achievement_name"] == "Mastered renal system"


def test_mastery_of_a_topic_with_a_long_name_has_an_id_that_fits() -> None:
    names = {name_mastery("t" * 120), name_mastery("t" * 121), name_mastery("t" * 127 + "u")}
    assert len(names) == 3
    assert all(len(name) <= 128 for name in names)


def test_each_level_is_told_with_the_xp_that_reached_it() -> None:
    state = checked_in(total_xp=95, unlocked={"first-question"})
    awards = ENGINE.reward(state, submit(), DAY)
    assert told(awards, "level_up") == [{"old_level": 1, "new_level": 2, "total_xp": 105}]
    assert [each["event_type"] for each in awards] == ["xp_earned", "level_up"]


def test_levels_nobody_told_of_are_passed_in_one_step() -> None:
    state = checked_in(total_xp=598, unlocked={"first-question"})
    assert told(ENGINE.reward(state, submit(), DAY), "level_up") == [
        {"old_level": 1, "new_level": 3, "total_xp": 608},
        {"old_level": 3, "new_level": 4, "total_xp": 608},
    ]


def test_level_that_was_told_is_never_taken_back() -> None:
    state = checked_in(total_xp=10, level=9, unlocked={"first-question"})
    assert told(ENGINE.reward(state, submit(), DAY), "level_up") == []
    assert state.level == 9


def test_totals_no_property_can_hold_are_not_claimed() -> None:
    state = checked_in(total_xp=2_147_483_640, level=10_000, unlocked={"first-question"})
    (award,) = told(ENGINE.reward(state, submit(), DAY), "xp_earned")
    assert award == {"xp_amount": 10, "xp_source": "question_correct"}


def test_gamification_itself_is_not_awarded() -> None:
    state = LearnerState()
    assert ENGINE.reward(state, fact("xp_earned", properties={"xp_amount": 50}), DAY) == []
    assert (state.total_xp, state.study_days) == (50, set())


def test_check_in_continues_the_streak_once_and_is_no_study() -> None:
    state = LearnerState(study_days={DAY - ONE_DAY})
    awards = ENGINE.check_in(state, DAY)
    assert [each["event_type"] for each in awards] == ["streak_continued", "xp_earned"]
    assert told(awards, "streak_continued") == [
        {"old_streak": 1, "new_streak": 2, "is_new_record": True}
    ]
    assert ENGINE.check_in(state, DAY) == []
    assert ENGINE.reward(state, fact(), DAY) == []
    assert ENGINE.check_in(LearnerState(study_days={DAY}), DAY - ONE_DAY) == []
    assert state.study_days == {DAY - ONE_DAY, DAY}
