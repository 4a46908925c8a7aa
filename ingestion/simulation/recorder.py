"""Turns a learner's drafts into events: in order, with rewards, totals and ids."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter

from ingestion.readers.stream import EventDict, Stamp
from ingestion.simulation.gamification import Gamification
from ingestion.simulation.learner import Learner
from ingestion.simulation.pen import Draft
from ingestion.simulation.rhythm import find_midnight
from ingestion.simulation.tally import Tally

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


class Recorder:
    """Records one learner, day by day; nothing after the horizon is recorded.

    Rewards have the time of the event they follow, as of one transaction: only the order within
    the millisecond, kept by the ids, tells cause from effect.
    """

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._stamp = Stamp("simulation", learner.name)
        self._gamification = Gamification()
        self._tallies: dict[str, Tally] = {}
        self._day = _EPOCH.date()
        self._day_ends = 0

    def record_day(self, day: date, drafts: Iterable[Draft]) -> Iterator[EventDict]:
        """Yield the events of a local day in order; days must come in order, each of them once."""
        midnight = find_midnight(self._learner, day)
        if midnight <= self._learner.horizon:
            for fact in self._gamification.begin_day(day):
                yield self._stamp.event(midnight, None, fact)
        for draft in sorted(drafts, key=attrgetter("millisecond")):
            if draft.millisecond > self._learner.horizon:
                return
            yield from self._record(draft)

    def forget_sessions(self) -> None:
        """Drop the totals of sessions that are over, to keep memory flat over long streams."""
        self._tallies.clear()

    def _record(self, draft: Draft) -> Iterator[EventDict]:
        millisecond, session_id, fact = draft
        if millisecond >= self._day_ends:
            self._turn_day(millisecond)
        tally = None
        if session_id is not None:
            tally = self._tallies.get(session_id)
            if tally is None:
                tally = self._tallies[session_id] = Tally(millisecond)
            tally.add(millisecond, fact)
            if fact["event_type"] == "session_end":
                fact["properties"] = tally.report()
        yield self._stamp.event(millisecond, session_id, fact)
        for reward in self._gamification.reward(fact, self._day):
            if tally is not None:
                tally.add(millisecond, reward)
            yield self._stamp.event(millisecond, session_id, reward)

    def _turn_day(self, millisecond: int) -> None:
        instant = _EPOCH + timedelta(milliseconds=millisecond)
        self._day = instant.astimezone(self._learner.zone).date()
        self._day_ends = find_midnight(self._learner, self._day + _DAY)
