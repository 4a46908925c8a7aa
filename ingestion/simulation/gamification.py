"""The app's rewards as a consequence of what is simulated: those of the packaged rules."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

from ingestion.gamification.engine import Engine, break_streak
from ingestion.gamification.rules import load_rules
from ingestion.gamification.state import LearnerState
from ingestion.readers.stream import EventDict


class Gamification:
    """One learner's rewards; tell it every study event in order of time."""

    def __init__(self) -> None:
        self._state = LearnerState()
        self._broken_after: date | None = None

    def begin_day(self, day: date) -> Iterator[EventDict]:
        """Give what the app says at a local day's first midnight: a streak broken, if it is."""
        last = self._state.last_study_day
        if last is None or last >= day - timedelta(days=1) or last == self._broken_after:
            return
        self._broken_after = last
        yield break_streak(self._state.streak)

    def reward(self, fact: EventDict, day: date) -> list[EventDict]:
        """Give the app's answers to one study event on its local day, in causal order."""
        return _engine().reward(self._state, fact, day)


@cache
def _engine() -> Engine:
    # Never an operator's rules: the same arguments give the same stream, wherever it is made.
    return Engine(load_rules())
