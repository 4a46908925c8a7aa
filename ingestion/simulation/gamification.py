"""The app's rewards: XP, levels, achievements and streaks, as a consequence of what is studied."""

from collections.abc import Iterator
from datetime import date, timedelta

from ingestion.readers.stream import EventDict

_FOR_RIGHT = 10
_FOR_RIGHT_AGAIN = 5
_FOR_TRYING = 2
_FOR_MATERIAL = 25
_FOR_QUIZ_POINT = 3
_STREAK_STEP = 5
_STREAK_STEPS_MAX = 10
_STREAKS = {3: ("streak-3", "3-day streak", 30), 7: ("streak-7", "7-day streak", 75)} | {
    30: ("streak-30", "30-day streak", 300)
}
_ANSWERED = {
    1: ("first-question", "First question", 10),
    100: ("questions-100", "100 questions", 100),
    500: ("questions-500", "500 questions", 250),
    1_000: ("questions-1000", "1,000 questions", 500),
}
_MASTERY_RIGHT = 15
_MASTERY_ACCURACY = 0.75


class Gamification:
    """One learner's rewards; tell it every study event in order of time.

    What it says follows exactly from what it was told: totals are sums of the XP events before,
    streaks count local days in a row.
    """

    def __init__(self) -> None:
        self._xp = 0
        self._level = 1
        self._streak = 0
        self._longest = 0
        self._last_day: date | None = None
        self._unlocked: set[str] = set()
        self._answered = 0
        self._answers_by_question: dict[str, int] = {}
        self._topics: dict[str, list[int]] = {}

    def begin_day(self, day: date) -> Iterator[EventDict]:
        """Give what the app says at a local day's first midnight: a streak broken, if it is."""
        missed = self._last_day is not None and self._last_day < day - timedelta(days=1)
        if missed and self._streak:
            broken = {"old_streak": self._streak, "new_streak": 0, "is_new_record": False}
            self._streak = 0
            yield {"event_type": "streak_broken", "properties": broken}

    def reward(self, fact: EventDict, day: date) -> Iterator[EventDict]:
        """Give the app's answers to one study event on its local day, in causal order."""
        if day != self._last_day:
            yield from self._check_in(day)
        event_type = fact["event_type"]
        if event_type in {"question_submit", "question_attempt"}:
            yield from self._reward_answer(fact)
        elif event_type == "material_complete":
            yield from self._award(_FOR_MATERIAL, "material_complete")
        elif event_type == "quiz_complete":
            points = fact["properties"]["correct_answers"] * _FOR_QUIZ_POINT
            yield from self._award(points, "quiz_complete")

    def _check_in(self, day: date) -> Iterator[EventDict]:
        old = self._streak if self._last_day == day - timedelta(days=1) else 0
        self._last_day, self._streak = day, old + 1
        is_new_record = self._streak > self._longest
        self._longest = max(self._streak, self._longest)
        continued = {"old_streak": old, "new_streak": old + 1, "is_new_record": is_new_record}
        yield {"event_type": "streak_continued", "properties": continued}
        yield from self._award(_STREAK_STEP * min(self._streak, _STREAK_STEPS_MAX), "streak")
        if self._streak in _STREAKS:
            yield from self._unlock(*_STREAKS[self._streak], "streak")

    def _reward_answer(self, fact: EventDict) -> Iterator[EventDict]:
        correct = fact["properties"].get("is_correct")
        if correct is None:  # a choice not yet final
            return
        question_id = fact["question_id"]
        before = self._answers_by_question.get(question_id, 0)
        self._answers_by_question[question_id] = before + 1
        right = _FOR_RIGHT_AGAIN if before else _FOR_RIGHT
        source = "question_correct" if correct else "question_attempt"
        yield from self._award(right if correct else _FOR_TRYING, source)
        self._answered += 1
        if self._answered in _ANSWERED:
            yield from self._unlock(*_ANSWERED[self._answered], "milestone")
        yield from self._count_topic(fact["topic_id"], correct=correct)

    def _count_topic(self, topic_id: str, *, correct: bool) -> Iterator[EventDict]:
        counts = self._topics.setdefault(topic_id, [0, 0])
        counts[0] += 1
        counts[1] += correct
        if counts[1] >= _MASTERY_RIGHT and counts[1] >= _MASTERY_ACCURACY * counts[0]:
            name = f"Mastered {topic_id.replace('-', ' ')}"
            yield from self._unlock(f"mastery-{topic_id}", name, 150, "mastery")

    def _unlock(self, achievement_id: str, name: str, xp: int, kind: str) -> Iterator[EventDict]:
        if achievement_id in self._unlocked:
            return
        self._unlocked.add(achievement_id)
        properties = {
            "achievement_id": achievement_id,
            "achievement_name": name,
            "achievement_type": kind,
            "xp_reward": xp,
        }
        yield {"event_type": "achievement_unlocked", "properties": properties}
        yield from self._award(xp, "achievement")

    def _award(self, amount: int, source: str) -> Iterator[EventDict]:
        self._xp += amount
        earned = {"xp_amount": amount, "xp_source": source, "new_total_xp": self._xp}
        yield {"event_type": "xp_earned", "properties": earned}
        while self._xp >= xp_for_level(self._level + 1):
            self._level += 1
            properties = {
                "old_level": self._level - 1,
                "new_level": self._level,
                "total_xp": self._xp,
            }
            yield {"event_type": "level_up", "properties": properties}


def xp_for_level(level: int) -> int:
    """Give the XP a level begins at: 0, 100, 300, 600, ... from level 1."""
    return 50 * level * (level - 1)
