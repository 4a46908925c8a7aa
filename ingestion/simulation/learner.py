"""A simulated student: habits, hidden abilities, and what was studied so far."""

import heapq
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ingestion.readers.identity import name_uuid
from ingestion.simulation.catalogue import Material, Question, Topic, topics
from ingestion.simulation.dice import Dice, Weighted
from ingestion.simulation.memory import TopicMemory

_DAY_MILLISECONDS = 86_400_000
# Whole, half and quarter hours, both hemispheres' summer time, none, and a half-hour one.
TIMEZONES = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Asia/Singapore",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Africa/Lagos",
    "Africa/Cairo",
    "Pacific/Auckland",
    "Pacific/Honolulu",
)
_DEVICES = ("web", "mobile", "tablet", "desktop")
_FOCUS = 5  # topics on a learner's desk at a time


@dataclass(frozen=True, slots=True)
class Habits:
    """How somebody studies; hours are local, `exam_phase` places the exams in a cycle of days."""

    diligence: float
    hour_shift: float
    night_owl: bool
    exam_phase: int
    devices: Weighted[str]


class Learner:
    """One student's whole state; nothing is learnt after `horizon` (Unix ms), the stream's end."""

    def __init__(self, cohort: str, seed: int, number: int, *, start: int, horizon: int) -> None:
        dice = Dice(seed, number)
        self.dice = dice
        self.name = f"{cohort}/{number}"
        self.user_id = str(name_uuid("simulation", self.name))
        self.timezone = dice.pick(TIMEZONES)
        self.zone = ZoneInfo(self.timezone)
        self.habits = _draw_habits(dice)
        self.horizon = horizon
        self._start = start
        talent = dice.normal(-0.1, 0.6)
        self._bases = {topic.topic_id: dice.normal(talent, 0.5) for topic in topics()}
        self._retention = dice.between(6.0, 18.0)
        self._memories: dict[str, TopicMemory] = {}
        self.answers: dict[str, int] = {}
        self.known: set[str] = set()
        self.viewed: set[str] = set()
        self._chunks: dict[str, int] = {}
        self._reviews: list[tuple[int, int, Question]] = []
        self._review_count = 0
        self._serials: dict[str, int] = {}
        self.focus: list[Topic] = []
        self.choose_focus()

    def ability(self, topic_id: str, millisecond: int) -> float:
        """Give the hidden ability in a topic at a time (logits): talent and what is remembered."""
        memory = self._memories.get(topic_id)
        return self._bases[topic_id] + (0.0 if memory is None else memory.strength_at(millisecond))

    def learn(self, topic_id: str, millisecond: int, share: float) -> None:
        """Practise a topic; `share` is the part of the way to full strength it takes."""
        if millisecond > self.horizon:
            return
        memory = self._memories.get(topic_id)
        if memory is None:
            memory = TopicMemory(self._retention, 0.0, self._start)
            self._memories[topic_id] = memory
        memory.practise(millisecond, share)

    def choose_focus(self) -> None:
        """Take up other topics; two of the old ones stay on the desk."""
        kept = self.focus[:2]
        while len(kept) < _FOCUS:
            topic = self.dice.pick(topics())
            if topic not in kept:
                kept.append(topic)
        self.focus = kept[::-1]

    def schedule_review(self, question: Question, answered_at: int, *, correct: bool) -> None:
        """Put a question off: wrong ones come again in days, right ones in a week or more."""
        days = self.dice.between(5, 12) if correct else self.dice.between(0.6, 3.5)
        self._review_count += 1
        due = answered_at + int(days * _DAY_MILLISECONDS)
        heapq.heappush(self._reviews, (due, self._review_count, question))

    def take_review(self, millisecond: int) -> Question | None:
        """Take the question longest due, if one is."""
        if not self._reviews or self._reviews[0][0] > millisecond:
            return None
        return heapq.heappop(self._reviews)[2]

    def next_chunk(self, material: Material) -> int:
        """Tell where reading goes on; a finished material begins anew."""
        return self._chunks.get(material.material_id, 0) % material.chunk_count

    def finish_chunk(self, material: Material, chunk: int) -> None:
        """Remember the place."""
        self._chunks[material.material_id] = chunk + 1

    def number(self, what: str) -> int:
        """Count sessions, quizzes, messages: 1, 2, ..."""
        self._serials[what] = self._serials.get(what, 0) + 1
        return self._serials[what]


def _draw_habits(dice: Dice) -> Habits:
    favourite, second = dice.pick(_DEVICES), dice.pick(_DEVICES)
    return Habits(
        diligence=dice.between(0.45, 0.92),
        hour_shift=dice.normal(0.0, 1.0),
        night_owl=dice.chance(0.25),
        exam_phase=dice.whole(0, 41),
        devices=Weighted({favourite: 0.7, second: 0.3} if second != favourite else {favourite: 1}),
    )
