"""Writes down what a learner does: facts with their time, in or out of a session."""

from typing import Any, NamedTuple

from ingestion.readers.stream import EventDict
from ingestion.simulation.learner import Learner


class Draft(NamedTuple):
    """A fact (event type, what it concerns, properties) before it has an id; time in Unix ms."""

    millisecond: int
    session_id: str | None
    fact: EventDict


class Pen:
    """Follows one tab: a clock that only goes forward, and the facts written so far."""

    def __init__(self, learner: Learner, session_id: str | None, millisecond: int) -> None:
        self.learner = learner
        self.dice = learner.dice
        self.session_id = session_id
        self.clock = millisecond
        self.drafts: list[Draft] = []

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock += int(seconds * 1000)

    def write(self, event_type: str, properties: EventDict, **ids: Any) -> None:
        """Write a fact down as of now; `ids` are topic_id, material_id, chunk_id, question_id."""
        fact = {"event_type": event_type, **ids, "properties": properties}
        self.drafts.append(Draft(self.clock, self.session_id, fact))
