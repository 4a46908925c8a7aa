"""Practice and quizzes: several questions in a row."""

from ingestion.simulation.activities.answering import EXAM, FLASHCARD, PRACTICE, Manner, answer
from ingestion.simulation.catalogue import Question, Topic, topics
from ingestion.simulation.pen import Pen

_SHAPES: dict[str, tuple[Manner, tuple[int, int]]] = {
    "practice": (EXAM, (5, 10)),
    "flashcards": (FLASHCARD, (8, 14)),
    "mock_exam": (EXAM, (18, 26)),
}
_REVIEWED = 0.45
_ABANDONED = 0.08


def practise(pen: Pen, topic: Topic) -> None:
    """Answer a few questions, those due for review first now and then."""
    for _ in range(pen.dice.whole(2, 7)):
        answer(pen, _choose(pen, topic), PRACTICE)


def take_quiz(pen: Pen, topic: Topic, quiz_type: str) -> None:
    """Take a quiz; a mock exam goes through all topics. Some are left before their end."""
    dice = pen.dice
    manner, (low, high) = _SHAPES[quiz_type]
    total = dice.whole(low, high)
    quiz_id = f"quiz-{pen.learner.user_id[:8]}-{pen.learner.number('quiz')}"
    shape = {"quiz_id": quiz_id, "quiz_type": quiz_type, "total_questions": total}
    about = {} if quiz_type == "mock_exam" else {"topic_id": topic.topic_id}
    started_at = pen.clock
    pen.write("quiz_start", shape, **about)
    left_after = dice.whole(1, total - 1) if dice.chance(_ABANDONED) else total
    correct = 0
    for question in _draw_questions(pen, topic, quiz_type, left_after):
        pen.wait(dice.between(0.5, 3))
        correct += bool(answer(pen, question, manner))
    if left_after < total:
        return
    result = {
        **shape,
        "correct_answers": correct,
        "accuracy": correct / total,
        "total_time_seconds": (pen.clock - started_at) / 1000,
    }
    pen.write("quiz_complete", result, **about)


def _choose(pen: Pen, topic: Topic) -> Question:
    due = pen.learner.take_review(pen.clock) if pen.dice.chance(_REVIEWED) else None
    return due or pen.dice.pick(topic.questions)


def _draw_questions(pen: Pen, topic: Topic, quiz_type: str, count: int) -> list[Question]:
    """Draw questions without repeating one."""
    drawn: dict[str, Question] = {}
    while len(drawn) < count:
        source = pen.dice.pick(topics()) if quiz_type == "mock_exam" else topic
        question = pen.dice.pick(source.questions)
        drawn[question.question_id] = question
    return list(drawn.values())
