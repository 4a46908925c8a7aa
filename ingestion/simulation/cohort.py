"""The cohort: all learners' days as one stream in time order, and the truth behind it."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter

from ingestion.readers.identity import earliest_id, to_millisecond
from ingestion.readers.stream import EventDict
from ingestion.simulation.catalogue import topics
from ingestion.simulation.learner import Learner
from ingestion.simulation.pen import Draft
from ingestion.simulation.recorder import Recorder
from ingestion.simulation.rhythm import PlannedSession, Rhythm, draw_glances, list_days
from ingestion.simulation.sitting import look_in, sit_down

_DAY = timedelta(days=1)
_DAY_MILLISECONDS = 86_400_000
# No zone is further ahead of UTC: no local day begins earlier than this before its UTC midnight.
_FURTHEST_EAST_MILLISECONDS = 14 * 3_600_000
_SETTLING_MILLISECONDS = 5 * 60_000


@dataclass(frozen=True, slots=True)
class HiddenAbility:
    """What a learner truly knows of a topic at the end of the stream.

    `ability` is in logits; `chance_correct` (0..1) is the chance of a right answer to the topic's
    average question, not seen before, without a hint.
    """

    user_id: str
    topic_id: str
    ability: float
    chance_correct: float


def simulate(users: int, days: int, seed: int, end_at: datetime) -> Iterator[EventDict]:
    """Yield the events of `users` students over the `days` times 24 hours before `end_at`.

    In order of (`occurred_at`, `event_id`), each with a UUIDv7 of its time; the same arguments
    give the same events, others give other learners. Made a day at a time: memory grows with the
    number of users, not with the length of the stream.

    Raises ValueError for fewer than one user or day, a negative seed or a naive `end_at`.
    """
    return _stream(_gather(users, days, seed, end_at), days, end_at)


def hidden_abilities(users: int, days: int, seed: int, end_at: datetime) -> list[HiddenAbility]:
    """Give every learner's ability in every topic at `end_at`: the truth `simulate` drew from.

    The stream is lived through again, so this takes as long as `simulate` with the same arguments,
    and raises the same errors.
    """
    students = _gather(users, days, seed, end_at)
    for _ in _stream(students, days, end_at):
        pass
    return [
        HiddenAbility(
            student.learner.user_id,
            topic.topic_id,
            ability := student.learner.ability(topic.topic_id, student.learner.horizon),
            topic.chance_correct(ability),
        )
        for student in students
        for topic in topics()
    ]


class _Student:
    """A learner with a calendar and somebody who writes it all down."""

    def __init__(self, learner: Learner, start: int) -> None:
        self.learner = learner
        self._rhythm = Rhythm(learner)
        self._recorder = Recorder(learner)
        self._days = set(list_days(learner, start, learner.horizon))
        self._busy_until = start

    def live(self, day: date) -> Iterator[EventDict]:
        """Live through one local day; days of before the stream or after it hold nothing."""
        if day not in self._days:
            return
        self._recorder.forget_sessions()
        yield from self._recorder.record_day(day, self._draft(day))

    def _draft(self, day: date) -> list[Draft]:
        """Write the day's sittings and glances in order, none before the last one is over.

        In order, because what is done changes what is known and which attempt the next one is.
        """
        learner, drafts = self.learner, list[Draft]()
        occasions: list[tuple[int, PlannedSession | None]] = [
            *((plan.start, plan) for plan in self._rhythm.plan_day(day)),
            *((start, None) for start in draw_glances(learner.dice, learner, day)),
        ]
        for start, plan in sorted(occasions, key=itemgetter(0)):
            if start <= self._busy_until:
                continue
            for pen in [look_in(learner, start)] if plan is None else sit_down(learner, plan):
                drafts += pen.drafts
                self._busy_until = max(self._busy_until, pen.clock + _SETTLING_MILLISECONDS)
        return drafts


def _gather(users: int, days: int, seed: int, end_at: datetime) -> list[_Student]:
    if users < 1 or days < 1 or seed < 0:
        raise ValueError("users and days must be at least 1, the seed at least 0")
    if end_at.tzinfo is None:
        raise ValueError("end_at must be an aware datetime")
    horizon = to_millisecond(end_at)
    start = horizon - days * _DAY_MILLISECONDS
    # Another stream is another cohort: else one learner would have two histories at once.
    cohort = f"{seed}/{days}/{horizon}"
    return [
        _Student(Learner(cohort, seed, number, start=start, horizon=horizon), start)
        for number in range(users)
    ]


def _stream(students: list[_Student], days: int, end_at: datetime) -> Iterator[EventDict]:
    """Merge the learners' local days: all of one date, then what no later date can precede."""
    first = (end_at.astimezone(UTC) - days * _DAY).date() - _DAY
    pending: list[EventDict] = []
    for number in range(days + 3):
        day = first + number * _DAY
        for student in students:
            pending += student.live(day)
        pending.sort(key=itemgetter("event_id"))
        settled = _find_settled(pending, day)
        yield from pending[:settled]
        del pending[:settled]
    yield from pending


def _find_settled(pending: list[EventDict], day: date) -> int:
    """Count the events before the earliest instant the next date begins anywhere."""
    midnight = to_millisecond(datetime.combine(day + _DAY, time(), tzinfo=UTC))
    bound = earliest_id(midnight - _FURTHEST_EAST_MILLISECONDS)
    return bisect_left(pending, bound, key=itemgetter("event_id"))
