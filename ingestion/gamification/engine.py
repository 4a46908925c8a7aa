"""What a learner is awarded for an event: from the state and the rules alone, no clock, no I/O."""

from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import blake2b
from typing import Any

from ingestion.gamification.rules import (
    MASTERY_PREFIX,
    AnswerAchievement,
    GamificationRules,
    StreakAchievement,
)
from ingestion.gamification.state import ANSWERS, GAMIFICATION, Answer, LearnerState, group_of

Fact = Mapping[str, Any]
"""An event in the HTTP shape; of an award only what it is: `event_type` and `properties`."""

_ID_CHARACTERS = 128
_PROPERTY_MAX = 2_147_483_647  # of XP, as the tracking plan has it


class Engine:
    """The rules at work. It remembers nothing: all that is known of a learner is in the state."""

    def __init__(self, rules: GamificationRules) -> None:
        self._rules = rules

    def reward(self, state: LearnerState, fact: Fact, local_day: date) -> list[dict[str, Any]]:
        """Give the awards for an event, in causal order; none for what is gamification itself.

        `state` is that before the event, and is left as that after the last award.
        """
        event_type = fact["event_type"]
        if event_type in GAMIFICATION:
            state.observe(fact, local_day)
            return []
        is_submit = event_type == "question_submit"
        replaced = list(state.open.get(group_of(fact), ())) if is_submit else []
        is_new_day = local_day not in state.study_days
        state.observe(fact, local_day)
        awards = _Awards(self._rules, state, local_day)
        awards.continue_streak()
        if is_new_day or awards.given:
            awards.unlock_streaks()
        if event_type in ANSWERS:
            awards.reward_answer(fact, replaced)
        elif event_type == "material_complete":
            awards.earn(self._rules.materials.completed, "material_complete")
        elif event_type == "quiz_complete":
            awards.reward_quiz(fact)
        return awards.given

    def check_in(self, state: LearnerState, local_day: date) -> list[dict[str, Any]]:
        """Give what a check-in without study comes to; nothing if the day is checked in already.

        The first of what is given is the `streak_continued`.
        """
        awards = _Awards(self._rules, state, local_day)
        awards.continue_streak()
        return awards.given


class _Awards:
    """The awards for one event, each counted in the state before the next is thought of."""

    def __init__(self, rules: GamificationRules, state: LearnerState, local_day: date) -> None:
        self._rules = rules
        self._state = state
        self._day = local_day
        self.given: list[dict[str, Any]] = []

    def continue_streak(self) -> None:
        """Check the day in, once; a day before the last one of study is past."""
        state, rules, day = self._state, self._rules.streaks, self._day
        last = state.last_study_day
        if day in state.checked_in_days or (last is not None and day < last):
            return
        streak = state.streak_with(day)
        told = {
            "old_streak": streak - 1,
            "new_streak": streak,
            "is_new_record": streak > state.longest_streak(before=day),
        }
        self._give("streak_continued", told)
        self.earn(rules.day * min(streak, rules.days_max), "streak")

    def unlock_streaks(self) -> None:
        """Unlock what the days in a row around this one are enough for, however late it is told."""
        days = self._state.streak_through(self._day)
        for achievement in sorted(self._rules.streak_achievements, key=_days_of):
            if achievement.days <= days:
                self._unlock(achievement.id, achievement.name, achievement.xp, "streak")

    def reward_answer(self, fact: Fact, replaced: Sequence[Answer]) -> None:
        """Reward an answer; `replaced` are the attempts that it takes the place of."""
        right = _told(fact).get("is_correct")
        if right is None:  # a choice not yet final
            return
        # Its attempts were rewarded when they came: only a right answer after wrong ones is more.
        if not replaced or (right and not any(each.right for each in replaced)):
            rules = self._rules.answers
            is_first = self._state.answers[fact["question_id"]] == 1
            if right:
                self.earn(rules.right_first if is_first else rules.right_again, "question_correct")
            else:
                self.earn(rules.tried, "question_attempt")
        for achievement in sorted(self._rules.answer_achievements, key=_answers_of):
            if achievement.answers <= self._state.answered:
                self._unlock(achievement.id, achievement.name, achievement.xp, "milestone")
        if fact.get("topic_id") is not None:
            self._unlock_mastery(fact["topic_id"])

    def reward_quiz(self, fact: Fact) -> None:
        """Reward the right answers of a completed quiz, as many as the rules let count."""
        rules = self._rules.quizzes
        right = min(_told(fact).get("correct_answers") or 0, rules.right_answers_max)
        self.earn(right * rules.right_answer, "quiz_complete")

    def earn(self, amount: int, source: str) -> None:
        """Award XP and the levels they reach; nothing is no award."""
        if amount == 0:
            return
        told, levels, before = self._state.level, self._rules.levels, self._state.total_xp
        self._give(
            "xp_earned",
            {"xp_amount": amount, "xp_source": source, **_if_fits("new_total_xp", before + amount)},
        )
        # XP that other senders gave may have reached levels of which nobody told: one step for
        # all of these, for there is no bound to how many they are.
        untold = levels.reached_with(before)
        if untold > told:
            self._rise(told, untold)
        for level in range(max(told, untold), levels.reached_with(before + amount)):
            self._rise(level, level + 1)

    def _rise(self, old: int, new: int) -> None:
        total = _if_fits("total_xp", self._state.total_xp)
        self._give("level_up", {"old_level": old, "new_level": new, **total})

    def _unlock_mastery(self, topic_id: str) -> None:
        rules, tally = self._rules.topic_mastered, self._state.topics[topic_id]
        if tally.right < max(rules.right_answers, rules.accuracy * tally.answers):
            return
        name = f"Mastered {topic_id.replace('-', ' ')}"
        self._unlock(name_mastery(topic_id), name, rules.xp, "mastery")

    def _unlock(self, achievement_id: str, name: str, xp: int, kind: str) -> None:
        if achievement_id in self._state.unlocked:
            return
        told = {
            "achievement_id": achievement_id,
            "achievement_name": name,
            "achievement_type": kind,
            "xp_reward": xp,
        }
        self._give("achievement_unlocked", told)
        self.earn(xp, "achievement")

    def _give(self, event_type: str, told: dict[str, Any]) -> None:
        award = {"event_type": event_type, "properties": told}
        self._state.observe(award, self._day)
        self.given.append(award)


def break_streak(length: int) -> dict[str, Any]:
    """Give what is told of a streak of so many days that ended; it changes no sum."""
    told = {"old_streak": length, "new_streak": 0, "is_new_record": False}
    return {"event_type": "streak_broken", "properties": told}


def name_mastery(topic_id: str) -> str:
    """The id of a topic's achievement, with a digest of the topic where its own is too long."""
    plain = MASTERY_PREFIX + topic_id
    if len(plain) <= _ID_CHARACTERS:
        return plain
    return MASTERY_PREFIX + blake2b(topic_id.encode(), digest_size=16).hexdigest()


def _told(fact: Fact) -> Mapping[str, Any]:
    told: Mapping[str, Any] = fact.get("properties") or {}
    return told


def _if_fits(name: str, total_xp: int) -> dict[str, int]:
    # A claim only: the marts add up for themselves, and beyond its bound it would be refused.
    return {name: total_xp} if total_xp <= _PROPERTY_MAX else {}


def _days_of(achievement: StreakAchievement) -> int:
    return achievement.days


def _answers_of(achievement: AnswerAchievement) -> int:
    return achievement.answers
