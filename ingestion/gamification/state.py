"""What the log says of a learner, as far as awards hang on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from ingestion.events.gamification import EVENT_TYPES

GAMIFICATION = frozenset(event_type.name for event_type in EVENT_TYPES)
ANSWERS = frozenset({"question_attempt", "question_submit"})

_DAY = timedelta(days=1)

Group = tuple[str | None, str]
"""A session, or none, and a question: within it a submit takes the place of attempts before it."""


@dataclass(slots=True)
class Tally:
    """Answers, and how many of them are right."""

    answers: int = 0
    right: int = 0


class Answer(NamedTuple):
    """What an answer says: the topic it names, if any, and whether it is right."""

    topic_id: str | None
    right: bool


@dataclass(slots=True)
class LearnerState:
    """The sums of a learner's events; each event is added by `observe`.

    All follow from the events and not from what these claim of totals; words are those of
    docs/metrics.md. `study_days` are the local dates with an event that is not gamification,
    `checked_in_days` those with a `streak_continued`; `answers` counts by question; `open` are the
    attempts that a submit yet to come would take the place of.
    """

    total_xp: int = 0
    level: int = 1
    answered: int = 0
    study_days: set[date] = field(default_factory=set)
    checked_in_days: set[date] = field(default_factory=set)
    unlocked: set[str] = field(default_factory=set)
    answers: dict[str, int] = field(default_factory=dict)
    topics: dict[str, Tally] = field(default_factory=dict)
    open: dict[Group, list[Answer]] = field(default_factory=dict)

    @property
    def last_study_day(self) -> date | None:
        """The latest local date of study; None before any."""
        return max(self.study_days, default=None)

    @property
    def streak(self) -> int:
        """Days of study in a row that end with the last one."""
        last = self.last_study_day
        return 0 if last is None else self.streak_ending(last)

    def streak_ending(self, day: date) -> int:
        """Days of study in a row that end with a day; 0 if there was none on it."""
        length = 0
        while day - length * _DAY in self.study_days:
            length += 1
        return length

    def streak_with(self, day: date) -> int:
        """Days in a row that end with a day, itself counted even without study on it."""
        return self.streak_ending(day - _DAY) + 1

    def streak_through(self, day: date) -> int:
        """Days of study in a row of which one is this day; 0 if there was none on it."""
        length = self.streak_ending(day)
        if length:
            while (day := day + _DAY) in self.study_days:
                length += 1
        return length

    def longest_streak(self, *, before: date | None = None) -> int:
        """The most days of study in a row, of those before a day where one is given."""
        longest = length = 0
        previous: date | None = None
        for day in sorted(self.study_days):
            if before is not None and day >= before:
                break
            length = length + 1 if previous == day - _DAY else 1
            longest, previous = max(longest, length), day
        return longest

    def observe(self, event: Mapping[str, Any], local_day: date) -> None:
        """Add an event, in the HTTP shape; those of one group must come in their order."""
        event_type = event["event_type"]
        told = event.get("properties") or {}
        if event_type not in GAMIFICATION:
            self.study_days.add(local_day)
            if event_type in ANSWERS:
                self._observe_answer(event, told)
        elif event_type == "xp_earned":
            self.total_xp += told["xp_amount"]
        elif event_type == "level_up":
            self.level = max(self.level, told["new_level"])
        elif event_type == "achievement_unlocked":
            self.unlocked.add(told["achievement_id"])
        elif event_type == "streak_continued":
            self.checked_in_days.add(local_day)

    def _observe_answer(self, event: Mapping[str, Any], told: Mapping[str, Any]) -> None:
        question_id, group = event["question_id"], group_of(event)
        if event["event_type"] == "question_submit":
            for replaced in self.open.pop(group, []):
                self._count(question_id, replaced, -1)
        if told.get("is_correct") is None:  # a choice not yet final
            return
        answer = Answer(event.get("topic_id"), told["is_correct"])
        self._count(question_id, answer, 1)
        if event["event_type"] == "question_attempt":
            self.open.setdefault(group, []).append(answer)

    def _count(self, question_id: str, answer: Answer, by: int) -> None:
        self.answered += by
        self.answers[question_id] = self.answers.get(question_id, 0) + by
        if answer.topic_id is not None:
            tally = self.topics.setdefault(answer.topic_id, Tally())
            tally.answers += by
            tally.right += by * answer.right
            if not tally.answers:
                del self.topics[answer.topic_id]


def group_of(answer: Mapping[str, Any]) -> Group:
    """The group an answer, an event in the HTTP shape, is of."""
    return answer.get("session_id"), answer["question_id"]
