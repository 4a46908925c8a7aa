"""A sitting: one study session from its start to its end, or without either."""

from collections.abc import Callable

from ingestion.readers.identity import name_uuid
from ingestion.readers.stream import EventDict
from ingestion.simulation.activities.coaching import talk
from ingestion.simulation.activities.discovery import explore, glance, search
from ingestion.simulation.activities.practice import practise, take_quiz
from ingestion.simulation.activities.reading import read_material
from ingestion.simulation.catalogue import Topic
from ingestion.simulation.dice import Weighted
from ingestion.simulation.learner import Learner
from ingestion.simulation.pen import Pen
from ingestion.simulation.rhythm import PlannedSession

_START_LOST = 0.03
_END_MISSING = 0.28
_STRAGGLES = 0.06  # of those ended: a heartbeat that comes after the end
_TWO_TABS = 0.06
_PAUSES = 0.07  # after an activity
_WANDERS_OFF = 0.015  # idle over half an hour without a pause, after an activity
_AFTER_PAUSE = Weighted({"resume": 0.7, "go on": 0.18, "leave": 0.12})
_REASONS = ("break", "meal", "phone call", "lecture", "distraction")
_AGENTS = {
    "web": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "mobile": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15",
    "tablet": "Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X) AppleWebKit/605.1.15",
    "desktop": "StudyDesktop/4.2 (Windows NT 10.0; Win64; x64)",
}

Activity = Callable[[Pen, Topic], None]


def _quiz(quiz_type: str) -> Activity:
    return lambda pen, topic: take_quiz(pen, topic, quiz_type)


_ALONE: Weighted[Activity] = Weighted(
    {
        read_material: 0.36,
        practise: 0.31,
        _quiz("practice"): 0.07,
        _quiz("flashcards"): 0.06,
        talk: 0.08,
        search: 0.07,
        explore: 0.05,
    }
)
_BEFORE_EXAM: Weighted[Activity] = Weighted(
    {
        read_material: 0.22,
        practise: 0.42,
        _quiz("practice"): 0.1,
        _quiz("mock_exam"): 0.07,
        talk: 0.09,
        search: 0.06,
        explore: 0.04,
    }
)
# Beside the first tab: nothing that is answered, for one head answers one question at a time.
_BESIDE: Weighted[Activity] = Weighted(
    {read_material: 0.5, talk: 0.2, search: 0.2, explore: 0.1},
)


def sit_down(learner: Learner, plan: PlannedSession) -> list[Pen]:
    """Write a session, and now and then a second one beside it in another tab."""
    first = _write_session(
        learner, plan.start, plan.minutes, _BEFORE_EXAM if plan.before_exam else _ALONE
    )
    if not learner.dice.chance(_TWO_TABS):
        return [first]
    start = plan.start + int(plan.minutes * 60_000 * learner.dice.between(0.1, 0.7))
    return [first, _write_session(learner, start, plan.minutes * 0.4, _BESIDE)]


def look_in(learner: Learner, start: int) -> Pen:
    """Do one thing in passing, outside any session."""
    pen = Pen(learner, None, start)
    glance(pen, learner.dice.pick(learner.focus))
    return pen


def _write_session(
    learner: Learner, start: int, minutes: float, activities: Weighted[Activity]
) -> Pen:
    dice = learner.dice
    serial = str(learner.number("session"))
    pen = Pen(learner, str(name_uuid("simulation", learner.name, "session", serial)), start)
    if not dice.chance(_START_LOST):
        pen.write("session_start", _describe_device(learner))
    pen.wait(dice.between(1, 20))
    deadline = start + int(minutes * 60_000)
    while pen.clock < deadline:
        topic = dice.pick(learner.focus)
        activities.draw(dice)(pen, topic)
        if dice.chance(_PAUSES) and not _pause(pen):
            return pen
        if dice.chance(_WANDERS_OFF):
            pen.wait(dice.between(32 * 60, 75 * 60))
    if not dice.chance(_END_MISSING):
        _end(pen, dice.pick(learner.focus))
    return pen


def _describe_device(learner: Learner) -> EventDict:
    device = learner.habits.devices.draw(learner.dice)
    return {"device_type": device, "user_agent": _AGENTS[device], "timezone": learner.timezone}


def _pause(pen: Pen) -> bool:
    """Pause; tell whether the learner comes back to this session."""
    dice = pen.dice
    reason = {"pause_reason": dice.pick(_REASONS)} if dice.chance(0.6) else {}
    pen.write("session_pause", reason)
    after = _AFTER_PAUSE.draw(dice)
    if after == "leave":
        return False
    pen.wait(min(dice.skewed(8 * 60, 0.8), 90 * 60))
    if after == "resume":
        pen.write("session_resume", dict(reason))
        pen.wait(dice.between(1, 10))
    return True


def _end(pen: Pen, topic: Topic) -> None:
    """End the session; what the client believes it came to is filled in when it is recorded."""
    pen.write("session_end", {})
    if pen.dice.chance(_STRAGGLES):
        pen.wait(pen.dice.between(0.2, 20))
        material = pen.dice.pick(topic.materials)
        ids = {"material_id": material.material_id, "topic_id": material.topic_id}
        pen.write("material_read", {"time_spent_seconds": 30, "chunk_index": 0}, **ids)
