"""Looking for things: searches made, topics explored."""

from ingestion.readers.stream import EventDict
from ingestion.simulation.activities.answering import PRACTICE, answer
from ingestion.simulation.activities.coaching import ask
from ingestion.simulation.activities.reading import annotate
from ingestion.simulation.catalogue import Topic
from ingestion.simulation.pen import Pen

_WORDS = (
    "overview",
    "mechanism of action",
    "differential diagnosis",
    "side effects",
    "first-line therapy",
    "high yield",
    "mnemonic",
)


def search(pen: Pen, topic: Topic) -> None:
    """Search for something about a topic."""
    dice = pen.dice
    is_keyword = dice.chance(0.45)
    properties: EventDict = {
        "query": f"{topic.topic_id.replace('-', ' ')} {dice.pick(_WORDS)}",
        "result_count": dice.whole(0, 3) if dice.chance(0.1) else dice.whole(4, 60),
        "search_type": "keyword" if is_keyword else "semantic",
    }
    if dice.chance(0.3):
        properties["filters_applied"] = {"material_type": dice.pick(("pdf", "video", "article"))}
    pen.write("search_performed", properties)
    pen.wait(dice.between(4, 25))


def explore(pen: Pen, topic: Topic) -> None:
    """Look at a topic's page; the app shows a mastery where it has one."""
    dice = pen.dice
    properties: EventDict = {"topic_name": topic.name, "topic_level": topic.level}
    if dice.chance(0.6):
        chance = topic.chance_correct(pen.learner.ability(topic.topic_id, pen.clock))
        shown = min(max(dice.normal(chance, 0.08), 0.0), 1.0)
        properties["current_mastery"] = round(shown, 2)
    pen.write("topic_explored", properties, topic_id=topic.topic_id)
    pen.wait(dice.between(6, 40))


def glance(pen: Pen, topic: Topic) -> None:
    """Do one thing in passing: a search, a page, the question of the day, a bookmark, the coach."""
    dice = pen.dice
    what = dice.whole(1, 5)
    if what == 1:
        search(pen, topic)
    elif what == 2:
        explore(pen, topic)
    elif what == 3:
        answer(pen, dice.pick(topic.questions), PRACTICE)
    elif what == 4:
        material = dice.pick(topic.materials)
        annotate(pen, material, f"{material.material_id}-1")
    else:
        ask(pen, topic, 1)
