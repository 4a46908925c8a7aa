"""The oracle's model of mastery: what is known of a learner and a topic, and what that foretells.

Written from `docs/mastery.md`, answer by answer; the numbers of the model are data, and the same.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from math import exp, log, sqrt
from typing import Any, NamedTuple

HALF_LIVES = (7, 30)
REACH = 1.2815515655446004
# Level, score to reach it, answers it takes; the highest first.
LEVELS = (("mastered", 0.8, 5), ("proficient", 0.7, 3), ("developing", 0.5, 1))
LENIENCE = 0.05
_SECONDS_A_DAY = 86_400

Model = Mapping[str, Any]


class Answer(NamedTuple):
    """An attempt as the model reads it; `at` in days, `first` of the learner at the question."""

    at: float
    right: bool
    hinted: bool
    confidence: int | None
    first: bool


@cache
def default_model() -> Model:
    """The model that comes with the project."""
    text = files("quality.oracle").joinpath("default_mastery.json").read_text()
    model: Model = json.loads(text)
    return model


@dataclass
class Tally:
    """The answers of a learner, or of a learner in a topic, and how unexpected they were."""

    answers: list[Answer] = field(default_factory=list)
    surprise: float = 0.0
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=16))
    place: int = 0
    correct: int = 0

    def add(self, answer: Answer, surprise: float, place: int) -> None:
        """Take in the next answer; `place`: the learner's how manieth it is."""
        self.answers.append(answer)
        self.surprise += surprise
        self.recent.append(surprise)
        self.place = place
        self.correct += answer.right

    def right(self, last: int | None = None) -> int:
        """How many were right, of the last so many."""
        return sum(answer.right for answer in self.answers[-last:]) if last else self.correct

    def wrong(self, last: int | None = None) -> int:
        """How many were wrong, of the last so many."""
        return min(len(self.answers), last or len(self.answers)) - self.right(last)

    def gap(self, at: float) -> float:
        """The logarithm of the seconds since the last answer; 0 without one."""
        if not self.answers:
            return 0.0
        return log(1 + max(at - self.answers[-1].at, 0.0) * _SECONDS_A_DAY)

    def faded(self, at: float, half_life: int, *, right: bool) -> float:
        """The right or the wrong answers, each counted half after a half-life, in days."""
        if not self.answers:
            return 0.0
        now = max(at, self.answers[-1].at)
        return sum(
            2 ** -((now - answer.at) / half_life)
            for answer in self.answers
            if answer.right == right
        )

    def common(self, who: str, at: float, windows: tuple[int, int]) -> Iterator[tuple[str, float]]:
        """What is read of a learner and of a topic alike, by name."""
        yield f"{who}_right", log(1 + self.right())
        yield f"{who}_wrong", log(1 + self.wrong())
        yield f"{who}_gap", self.gap(at)
        yield f"{who}_new", float(not self.answers)
        yield f"{who}_surprise", self.surprise / sqrt(len(self.answers) + 1)
        yield f"{who}_surprise_16", sum(self.recent) / 16
        for last in windows:
            yield f"{who}_right_{last}", self.right(last) / last
            yield f"{who}_wrong_{last}", self.wrong(last) / last


class Belief(NamedTuple):
    """What is foretold of the topic's average question."""

    score: float
    low: float
    high: float


class LearnerModel:
    """All that is known of a learner, topic by topic."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._learner = Tally()
        self._topics: dict[str, Tally] = {}
        self._held: dict[str, set[str]] = {}

    def add(self, topic: str, answer: Answer) -> tuple[Belief, str]:
        """Take in the learner's next answer; a topic that none was named for is ''.

        Returns what is believed of the topic right then, and its level.
        """
        expected = self._model["first_logit" if answer.first else "again_logit"]
        surprise = round(answer.right - _chance(expected), 9)
        place = len(self._learner.answers) + 1
        self._learner.add(answer, surprise, place)
        self._topics.setdefault(topic, Tally()).add(answer, surprise, place)
        belief = self.believe(topic, answer.at)
        self._hold(topic, belief.score)
        return belief, self.level(topic, belief.score)

    def believe(self, topic: str, at: float) -> Belief:
        """The chance of a right answer to the topic's average question, at an instant in days."""
        known = self._topics.get(topic, Tally())
        features = dict(self._read(known, at))
        weights = self._model["coefficients"]
        logit = self._model["intercept"] + sum(
            weight * features.get(name, 0.0) for name, weight in weights.items()
        )
        settled, unsettled, pace = (self._model[n] for n in ("settled", "unsettled", "pace"))
        reach = REACH * sqrt(settled + unsettled / (1 + len(known.answers) / pace))
        return Belief(_chance(logit), _chance(logit - reach), _chance(logit + reach))

    def level(self, topic: str, score: float) -> str:
        """The level of a score, after all answers so far."""
        known = self._topics.get(topic)
        if known is None:
            return "unseen"
        held = self._held[topic]
        for name, enough, answers in LEVELS:
            reached = score >= enough and len(known.answers) >= answers
            if reached or (name in held and score >= round(enough - LENIENCE, 2)):
                return name
        return "novice"

    def _hold(self, topic: str, score: float) -> None:
        held = self._held.setdefault(topic, set())
        for name, enough, answers in LEVELS:
            if score >= enough and len(self._topics[topic].answers) >= answers:
                held.add(name)
            elif score < round(enough - LENIENCE, 2):
                held.discard(name)

    def _read(self, known: Tally, at: float) -> Iterator[tuple[str, float]]:
        first = self._model["first_logit"]
        yield from (("question_logit", first), ("question_first_logit", first))
        yield from (("topic_logit", first), ("question_new", 1.0))
        yield from self._learner.common("learner", at, (16, 64))
        hinted = sum(answer.hinted for answer in self._learner.answers[-64:])
        yield "learner_hinted_64", hinted / 64
        yield from known.common("topic", at, (4, 16))
        last_right = float(bool(known.answers) and known.answers[-1].right)
        since = log(1 + len(self._learner.answers) - known.place) if known.answers else 0.0
        yield "topic_last_right", last_right
        yield "topic_since", since
        yield "topic_since_right", since * last_right
        yield "topic_gap_right", known.gap(at) * last_right
        yield "topic_gap_answers", known.gap(at) * log(1 + len(known.answers))
        yield "new_topic_rate", log((known.right() + 1) / (known.wrong() + 1))
        yield "new_topic_gap", known.gap(at)
        yield from _read_confidence(known.answers)
        for days in HALF_LIVES:
            yield f"topic_right_{days}d", log(1 + known.faded(at, days, right=True))
            yield f"topic_wrong_{days}d", log(1 + known.faded(at, days, right=False))


def _read_confidence(answers: list[Answer]) -> Iterator[tuple[str, float]]:
    right = [answer for answer in answers if answer.right]
    said = [answer.confidence for answer in right if answer.confidence is not None]
    yield "topic_hinted_right", log(1 + sum(answer.hinted for answer in right))
    yield "topic_unsure_right", log(1 + sum(each <= 2 for each in said))
    yield "topic_sure_right", log(1 + sum(each >= 4 for each in said))
    sure_wrong = sum(
        not answer.right and answer.confidence is not None and answer.confidence >= 4
        for answer in answers
    )
    yield "topic_sure_wrong", log(1 + sure_wrong)


def _chance(logit: float) -> float:
    return 1 / (1 + exp(-min(max(logit, -30.0), 30.0)))
