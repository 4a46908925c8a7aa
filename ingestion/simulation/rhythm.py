"""When students study: evenings, weekdays, before exams; seldom after them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from ingestion.readers.identity import to_millisecond
from ingestion.simulation.dice import Dice, Weighted
from ingestion.simulation.learner import Learner

_EXAM_CYCLE_DAYS = 42
_EXAM_PERIOD_DAYS = 7
_HOLIDAY_DAYS = 2  # of rest after an exam
_WEEKDAYS = (1.05, 1.05, 1.0, 1.0, 0.75, 0.6, 0.9)  # Monday first
_AWAY_WEEK = 0.05
_HOUR_MILLISECONDS = 3_600_000
_LONGEST_MINUTES = 150.0
# Local hour: centre and deviation.
_TIMES_OF_DAY = Weighted({(20.2, 1.3): 0.58, (14.8, 1.8): 0.25, (8.2, 1.1): 0.17})


@dataclass(frozen=True, slots=True)
class PlannedSession:
    """A session to come: `start` is Unix ms."""

    start: int
    minutes: float
    before_exam: bool


class Rhythm:
    """One learner's calendar; ask it for the days in order."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._away = False
        self._week: tuple[int, int] | None = None

    def plan_day(self, day: date) -> list[PlannedSession]:
        """Plan a local day's sessions in order; there may be none."""
        learner, dice = self._learner, self._learner.dice
        if day.isocalendar()[:2] != self._week:
            self._week = day.isocalendar()[:2]
            self._away = dice.chance(_AWAY_WEEK)
            learner.choose_focus()
        days_to_exam = (learner.habits.exam_phase - day.toordinal()) % _EXAM_CYCLE_DAYS
        before_exam = days_to_exam < _EXAM_PERIOD_DAYS
        chance = learner.habits.diligence * _WEEKDAYS[day.weekday()] * (1.4 if before_exam else 1.0)
        resting = days_to_exam >= _EXAM_CYCLE_DAYS - _HOLIDAY_DAYS and not dice.chance(0.1)
        if self._away or resting or not dice.chance(chance):
            return []
        count = 1
        while count < 4 and dice.chance(0.45 if before_exam else 0.25):
            count += 1
        starts = sorted(self._draw_start(day) for _ in range(count))
        return [self._draw_session(start, before_exam=before_exam) for start in _spread(starts)]

    def _draw_start(self, day: date) -> int:
        dice, habits = self._learner.dice, self._learner.habits
        centre, deviation = _TIMES_OF_DAY.draw(dice)
        late = 2.3 if habits.night_owl and centre > 18 else 0.0
        hour = min(max(dice.normal(centre + habits.hour_shift + late, deviation), 5.0), 23.9)
        return find_midnight(self._learner, day) + int(hour * _HOUR_MILLISECONDS)

    def _draw_session(self, start: int, *, before_exam: bool) -> PlannedSession:
        median = 38.0 if before_exam else 26.0
        minutes = min(max(self._learner.dice.skewed(median, 0.55), 3.0), _LONGEST_MINUTES)
        return PlannedSession(start, minutes, before_exam)


def find_midnight(learner: Learner, day: date) -> int:
    """Give the first instant (Unix ms) of a learner's local day; where 00:00 is skipped, the next.

    Where clocks go back over midnight 00:00 comes twice: the first time is meant.
    """
    local = datetime.combine(day, time(), tzinfo=learner.zone)
    return to_millisecond(local.astimezone(UTC))


def draw_glances(dice: Dice, learner: Learner, day: date) -> list[int]:
    """Draw when, if at all, the learner looks something up outside any session (Unix ms)."""
    if not dice.chance(0.12):
        return []
    return [find_midnight(learner, day) + int(dice.between(7.5, 22.5) * _HOUR_MILLISECONDS)]


def _spread(starts: list[int]) -> list[int]:
    """Drop what begins within an hour of another: one sitting, not two."""
    kept = starts[:1]
    kept += [later for earlier, later in pairwise(starts) if later - earlier > _HOUR_MILLISECONDS]
    return kept


def list_days(learner: Learner, start: int, end: int) -> list[date]:
    """List the local days that touch the time from start to end (Unix ms)."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    first, last = (
        (epoch + timedelta(milliseconds=instant)).astimezone(learner.zone).date()
        for instant in (start, end)
    )
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
