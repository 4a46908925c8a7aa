"""Talks with the AI coach: asked, answered, now and then rated."""

from ingestion.readers.stream import EventDict
from ingestion.simulation.catalogue import Topic
from ingestion.simulation.dice import Weighted
from ingestion.simulation.pen import Pen

_MODELS = ("gpt-5", "gpt-5-mini")
_RATINGS = {
    "ai_feedback_positive": (
        Weighted({5: 0.6, 4: 0.4}),
        ("Clear and to the point.", "That helped."),
    ),
    "ai_feedback_negative": (
        Weighted({1: 0.3, 2: 0.7}),
        ("Too long.", "Does not answer my question.", "Mixes up two drugs."),
    ),
}
_LEARNT_BY_TURN = 0.015


def talk(pen: Pen, topic: Topic) -> None:
    """Ask the coach about a topic, one to four turns."""
    dice = pen.dice
    for turn in range(1, dice.pick((1, 1, 2, 2, 3, 4)) + 1):
        pen.wait(dice.between(8, 60))
        ask(pen, topic, turn)
        pen.wait(_answer(pen))
        if dice.chance(0.3):
            pen.wait(dice.between(5, 30))
            _rate(pen)
        pen.learner.learn(topic.topic_id, pen.clock, _LEARNT_BY_TURN)


def ask(pen: Pen, topic: Topic, turn: int) -> None:
    """Send one message."""
    properties = {
        "question_length": min(int(pen.dice.skewed(90, 0.6)) + 8, 2_000),
        "context_provided": pen.dice.chance(0.4),
        "conversation_turn": turn,
        "detected_topics": [topic.topic_id],
    }
    pen.write("ai_question_asked", properties, topic_id=topic.topic_id)


def _answer(pen: Pen) -> float:
    """Write the coach's answer after its delay; give the seconds it takes to read."""
    dice = pen.dice
    delay = min(dice.skewed(2_200, 0.5), 60_000)
    pen.wait(delay / 1000)
    length = min(int(dice.skewed(700, 0.5)) + 40, 8_000)
    properties = {
        "response_length": length,
        "response_time_ms": int(delay),
        "model_used": dice.pick(_MODELS),
        "tokens_used": length // 4 + dice.whole(60, 400),
    }
    pen.write("ai_response_received", properties)
    return min(length / 25, 120.0)


def _rate(pen: Pen) -> None:
    dice = pen.dice
    event_type = "ai_feedback_positive" if dice.chance(0.75) else "ai_feedback_negative"
    ratings, texts = _RATINGS[event_type]
    message = f"msg-{pen.learner.user_id[:8]}-{pen.learner.number('message')}"
    properties: EventDict = {"message_id": message, "rating": ratings.draw(dice)}
    if dice.chance(0.35):
        properties["feedback_text"] = dice.pick(texts)
    pen.write(event_type, properties)
