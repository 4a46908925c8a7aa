"""What the students study: topics with their questions and materials, the same for every cohort."""

from dataclasses import dataclass
from functools import cache
from math import exp

from ingestion.simulation.dice import Dice

CHOICES = "ABCDE"
GUESSING = 1 / len(CHOICES)

_SYSTEMS = {
    "cardiology": "Cardiology",
    "respiratory": "Respiratory medicine",
    "nephrology": "Nephrology",
    "gastroenterology": "Gastroenterology",
    "neurology": "Neurology",
    "endocrinology": "Endocrinology",
    "haematology": "Haematology",
    "musculoskeletal": "Musculoskeletal medicine",
    "reproductive": "Reproductive medicine",
}
_DISCIPLINES = ("anatomy", "physiology", "pathology", "pharmacology")
_MATERIALS = (
    ("pdf", "textbook", (16, 48), (6, 12)),
    ("slides", "lecture", (20, 60), (4, 8)),
    ("video", "recording", None, (3, 6)),
    ("article", "review", (4, 10), (3, 5)),
)
_QUESTIONS_PER_TOPIC = 32
_SEED = 20_260_301  # another seed is another catalogue: ids would name other questions


@dataclass(frozen=True, slots=True)
class Question:
    """A question with one right choice of five.

    `difficulty` and `discrimination` are the logistic model's own (logits); `shown_difficulty` is
    what the app tells: 0..1 or easy, medium, hard.
    """

    question_id: str
    topic_id: str
    difficulty: float
    discrimination: float
    correct_answer: str
    shown_difficulty: float | str

    def chance_correct(self, ability: float) -> float:
        """Give the chance of a right answer at an ability (logits), guessing included."""
        known = 1 / (1 + exp(self.discrimination * (self.difficulty - ability)))
        return GUESSING + (1 - GUESSING) * known


@dataclass(frozen=True, slots=True)
class Material:
    """Something to read or watch, in chunks."""

    material_id: str
    topic_id: str
    material_type: str
    name: str
    total_pages: int | None
    chunk_count: int


@dataclass(frozen=True, slots=True)
class Topic:
    """An organ system seen by one discipline."""

    topic_id: str
    name: str
    level: int
    questions: tuple[Question, ...]
    materials: tuple[Material, ...]

    def chance_correct(self, ability: float) -> float:
        """Give the chance of a right answer to the topic's average question."""
        chances = [question.chance_correct(ability) for question in self.questions]
        return sum(chances) / len(chances)


@cache
def topics() -> tuple[Topic, ...]:
    """Make the catalogue once: 36 topics, 32 questions and 4 materials each."""
    dice = Dice(_SEED)
    return tuple(
        _make_topic(dice, f"{system}-{discipline}", f"{name}: {discipline}")
        for system, name in _SYSTEMS.items()
        for discipline in _DISCIPLINES
    )


def _make_topic(dice: Dice, topic_id: str, name: str) -> Topic:
    in_words = dice.chance(0.5)
    centre = dice.normal(0.6, 0.35)
    return Topic(
        topic_id=topic_id,
        name=name,
        level=2,
        questions=tuple(
            _make_question(dice, topic_id, number, centre, in_words=in_words)
            for number in range(1, _QUESTIONS_PER_TOPIC + 1)
        ),
        materials=tuple(_make_materials(dice, topic_id, name)),
    )


def _make_question(
    dice: Dice, topic_id: str, number: int, centre: float, *, in_words: bool
) -> Question:
    difficulty = dice.normal(centre, 0.9)
    shown = 1 / (1 + exp(-difficulty))
    word = "easy" if shown < 0.4 else "medium" if shown < 0.65 else "hard"
    return Question(
        question_id=f"q-{topic_id}-{number:02d}",
        topic_id=topic_id,
        difficulty=difficulty,
        discrimination=dice.between(0.7, 1.5),
        correct_answer=dice.pick(CHOICES),
        shown_difficulty=word if in_words else round(shown, 2),
    )


def _make_materials(dice: Dice, topic_id: str, name: str) -> list[Material]:
    return [
        Material(
            material_id=f"m-{topic_id}-{kind}",
            topic_id=topic_id,
            material_type=kind,
            name=f"{name}, {title}",
            total_pages=None if pages is None else dice.whole(*pages),
            chunk_count=dice.whole(*chunks),
        )
        for kind, title, pages, chunks in _MATERIALS
    ]
