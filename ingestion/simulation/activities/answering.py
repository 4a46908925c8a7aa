"""Answering one question: seen, perhaps a hint, tried, submitted, perhaps explained."""

from dataclasses import dataclass

from ingestion.readers.stream import EventDict
from ingestion.simulation.catalogue import CHOICES, Question
from ingestion.simulation.pen import Pen

_HINT_HELPS = 0.7  # logits
_FAMILIAR = 0.8  # logits: a question answered right before is partly remembered itself
_LONGEST_SECONDS = 300.0
_LEARNT_RIGHT = 0.035
_LEARNT_WRONG = 0.025
_LEARNT_EXPLAINED = 0.03


@dataclass(frozen=True, slots=True)
class Manner:
    """How a question is answered: help at hand, whether it is given up, whether it is submitted."""

    helped: bool
    given_up: float = 0.0
    self_graded: bool = False


PRACTICE = Manner(helped=True, given_up=0.05)
EXAM = Manner(helped=False)
FLASHCARD = Manner(helped=False, self_graded=True)


def answer(pen: Pen, question: Question, manner: Manner) -> bool | None:
    """Work on a question; tell whether the answer was right, None if it was given up."""
    seen_at = pen.clock
    _view(pen, question)
    hinted = manner.helped and pen.dice.chance(0.12)
    if hinted:
        pen.wait(min(pen.dice.skewed(25, 0.5), _LONGEST_SECONDS))
        _ask_help(pen, "ai_hint_requested", question, seen_at)
    if pen.dice.chance(manner.given_up):
        pen.wait(pen.dice.between(4, 60))
        return None
    ability = pen.learner.ability(question.topic_id, pen.clock) + hinted * _HINT_HELPS
    if question.question_id in pen.learner.known:
        ability += _FAMILIAR
    chance = question.chance_correct(ability)
    pen.wait(_draw_thinking(pen, chance, manner))
    correct = pen.dice.chance(chance)
    _give(pen, question, manner, seen_at, _verdict(pen, question, chance, correct, hinted))
    _remember(pen, question, correct=correct)
    if manner.helped and pen.dice.chance(0.15 if correct else 0.5):
        pen.wait(pen.dice.between(2, 15))
        _ask_help(pen, "ai_explanation_requested", question, seen_at)
        pen.wait(pen.dice.between(10, 60))
        pen.learner.learn(question.topic_id, pen.clock, _LEARNT_EXPLAINED)
    pen.wait(pen.dice.between(1, 8))
    return correct


def _view(pen: Pen, question: Question) -> None:
    viewed = pen.learner.viewed
    properties = {
        "question_type": "multiple_choice",
        "difficulty": question.shown_difficulty,
        "is_first_view": question.question_id not in viewed,
    }
    viewed.add(question.question_id)
    _write(pen, "question_view", question, properties)


def _draw_thinking(pen: Pen, chance: float, manner: Manner) -> float:
    """Draw seconds of thought: hard questions take longer, flashcards are quick."""
    median = 9.0 if manner.self_graded else 24.0 + 26.0 * (1 - chance)
    return min(pen.dice.skewed(median, 0.5), _LONGEST_SECONDS)


def _verdict(pen: Pen, question: Question, chance: float, correct: bool, hinted: bool) -> EventDict:
    dice = pen.dice
    wrong = [choice for choice in CHOICES if choice != question.correct_answer]
    number = pen.learner.answers.get(question.question_id, 0) + 1
    verdict: EventDict = {
        "selected_answer": question.correct_answer if correct else dice.pick(wrong),
        "correct_answer": question.correct_answer,
        "is_correct": correct,
        "hint_used": hinted,
    }
    if dice.chance(0.7):
        felt = min(max(dice.normal(chance + (0.1 if correct else -0.1), 0.2), 0.0), 1.0)
        verdict["confidence_level"] = 1 + round(4 * felt)
    if dice.chance(0.8):
        verdict["attempt_number"] = number
        verdict["is_first_attempt"] = number == 1
    return verdict


def _give(pen: Pen, question: Question, manner: Manner, seen_at: int, verdict: EventDict) -> None:
    """Write the answer: a card one grades oneself is never submitted; else choices, then submit."""
    if not manner.self_graded:
        for _ in range(pen.dice.pick((0, 0, 0, 1, 1))):
            choice = {"selected_answer": pen.dice.pick(CHOICES)}
            _write(pen, "question_attempt", question, choice)
            pen.wait(pen.dice.between(1, 12))
    verdict["time_to_answer_seconds"] = (pen.clock - seen_at) / 1000
    event_type = "question_attempt" if manner.self_graded else "question_submit"
    _write(pen, event_type, question, verdict)


def _remember(pen: Pen, question: Question, *, correct: bool) -> None:
    learner = pen.learner
    learner.answers[question.question_id] = learner.answers.get(question.question_id, 0) + 1
    if correct:
        learner.known.add(question.question_id)
    learner.learn(question.topic_id, pen.clock, _LEARNT_RIGHT if correct else _LEARNT_WRONG)
    learner.schedule_review(question, pen.clock, correct=correct)


def _ask_help(pen: Pen, event_type: str, question: Question, seen_at: int) -> None:
    properties: EventDict = {"time_before_hint": (pen.clock - seen_at) / 1000}
    if event_type == "ai_hint_requested":
        properties["hint_type"] = pen.dice.pick(("guided", "guided", "direct"))
    _write(pen, event_type, question, properties)


def _write(pen: Pen, event_type: str, question: Question, properties: EventDict) -> None:
    ids = {"question_id": question.question_id, "topic_id": question.topic_id}
    pen.write(event_type, properties, **ids)
