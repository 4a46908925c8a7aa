"""What the attempts at a topic say of it, attempt by attempt: the evidence of a gap."""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

SURE = 4
UNSURE = 2
SLOW_SECONDS = 120


class Attempt(NamedTuple):
    """What an attempt at a question of the topic says."""

    at: pd.Timestamp
    question_id: str
    is_correct: bool
    hint_used: bool
    selected_answer: str | None
    confidence_level: int | None
    seconds: float | None

    @property
    def is_unsure(self) -> bool:
        """Whether the learner said so."""
        return self.confidence_level is not None and self.confidence_level <= UNSURE

    @property
    def is_slow(self) -> bool:
        """Whether it took more than two minutes."""
        return self.seconds is not None and self.seconds > SLOW_SECONDS

    @property
    def is_firm(self) -> bool:
        """Whether it is right, and neither by a hint nor unsure nor slow."""
        return self.is_correct and not (self.hint_used or self.is_unsure or self.is_slow)


@dataclass(frozen=True)
class Evidence:
    """The numbers of a stage, its attempt included."""

    questions_attempted: int
    questions_correct: int
    questions_seen: int
    recent_attempts: int
    recent_correct: int
    recent_firm: int
    recent_hinted: int
    recent_unsure: int
    recent_slow: int
    misconceived_answers: int
    misconceived_questions: int
    days_since_last_attempt: int | None = None


class History:
    """The attempts at a topic so far, and the gaps they have opened and not closed."""

    def __init__(self) -> None:
        self._attempted = self._correct = 0
        self._recent: deque[Attempt] = deque(maxlen=10)
        self._last: dict[str, Attempt] = {}
        # By question how many answers in a row, up to the last, were wrong and meant.
        self._meant: dict[str, int] = {}
        self._open: set[str] = set()

    @property
    def gap_type(self) -> str | None:
        """The gap that the attempts have left, if any: of several the first of this order."""
        return next(
            (each for each in ("misconception", "weak", "fragile") if each in self._open), None
        )

    def add(self, attempt: Attempt) -> None:
        """Take in the next attempt."""
        self._attempted += 1
        self._correct += attempt.is_correct
        self._recent.append(attempt)
        question = attempt.question_id
        if _is_meant(attempt, self._last.get(question)):
            self._meant[question] = self._meant.get(question, 0) + 1
        else:
            self._meant.pop(question, None)
        self._last[question] = attempt
        self._open_and_close(self.weigh())

    def weigh(self) -> Evidence:
        """Give the numbers behind what is known now."""
        five = [*self._recent][-5:]
        right = [each for each in five if each.is_correct]
        return Evidence(
            questions_attempted=self._attempted,
            questions_correct=self._correct,
            questions_seen=len(self._last),
            recent_attempts=len(self._recent),
            recent_correct=sum(each.is_correct for each in self._recent),
            recent_firm=sum(each.is_firm for each in five),
            recent_hinted=sum(each.hint_used for each in right),
            recent_unsure=sum(each.is_unsure for each in right),
            recent_slow=sum(each.is_slow for each in right),
            misconceived_answers=sum(self._meant.values()),
            misconceived_questions=len(self._meant),
        )

    def _open_and_close(self, found: Evidence) -> None:
        self._judge("misconception", found.misconceived_answers >= 2, closed=not self._meant)
        self._judge(
            "weak",
            found.questions_attempted >= 3 and found.recent_correct < found.recent_attempts / 2,
            closed=5 * found.recent_correct >= 3 * found.recent_attempts,
        )
        self._judge(
            "fragile",
            found.questions_attempted >= 5 and found.recent_firm <= 2,
            closed=found.recent_firm >= 4,
        )

    def _judge(self, gap_type: str, opened: bool, *, closed: bool) -> None:
        if opened:
            self._open.add(gap_type)
        elif closed:
            self._open.discard(gap_type)


def _is_meant(last: Attempt, before: Attempt | None) -> bool:
    """Whether the last answer to a question is wrong, and meant."""
    if last.is_correct:
        return False
    if last.confidence_level is not None and last.confidence_level >= SURE:
        return True
    return (
        before is not None
        and not before.is_correct
        and last.selected_answer is not None
        and last.selected_answer == before.selected_answer
    )
