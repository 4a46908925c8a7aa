"""What a suite really did, counted from the cases themselves and not from how they were drawn.

A suite that has silently stopped to disturb anything would pass for ever; so every kind that is
named here has to have occurred, or the suite fails.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.dbt_project.streams import StudyEvent
from tests.exactness.cases import Case

IDLE_LIMIT = timedelta(minutes=30)
DAY = timedelta(days=1)
ANSWERS = ("question_attempt", "question_submit")
GAMIFICATION = (
    "xp_earned",
    "level_up",
    "achievement_unlocked",
    "streak_continued",
    "streak_broken",
)

Arrived = tuple[int, StudyEvent]
"""An event and the wave it arrives in."""


def count_kinds(cases: Sequence[Case]) -> Counter[str]:
    """How many of the cases have each kind of disturbance; 0 for those that none has."""
    found = Counter(dict.fromkeys(KINDS, 0))
    for case in cases:
        arrived = [*zip(case.arrivals(), case.events, strict=True)]
        found.update(name for name, occurs in KINDS.items() if occurs(case, arrived))
    return found


def _is_permuted(_: Case, arrived: Sequence[Arrived]) -> bool:
    return any(earlier > later for (earlier, _), (later, _) in pairwise(arrived))


def _is_duplicated(case: Case, _: Sequence[Arrived]) -> bool:
    return any(len(waves) > 1 for waves in case.offers)


def _comes_a_year_late(_: Case, arrived: Sequence[Arrived]) -> bool:
    year = 365 * DAY
    return any(
        wave > before and other.at - event.at > year
        for wave, event in arrived
        for before, other in arrived
    )


def _comes_at_once(_: Case, arrived: Sequence[Arrived]) -> bool:
    return len({wave for wave, _ in arrived}) == 1


def _comes_in_many_loads(_: Case, arrived: Sequence[Arrived]) -> bool:
    return len({wave for wave, _ in arrived}) >= 7


def _names_its_timezone_late(_: Case, arrived: Sequence[Arrived]) -> bool:
    return any(
        event.properties.get("timezone", "UTC") != "UTC" and any(wave > w for w, _ in others)
        for others in _groups(arrived, lambda event: event.session)
        for wave, event in others
    )


def _bridges_a_session(_: Case, arrived: Sequence[Arrived]) -> bool:
    """A late event between two that lay more than the idle limit apart, and near to both."""
    return any(
        wave > max(before[0], after[0])
        and after[1].at - before[1].at > IDLE_LIMIT
        and max(event.at - before[1].at, after[1].at - event.at) <= IDLE_LIMIT
        for session in _groups(arrived, lambda event: event.session)
        for before, (wave, event), after in zip(session, session[1:], session[2:], strict=False)
    )


def _changes_a_sessions_owner(_: Case, arrived: Sequence[Arrived]) -> bool:
    return any(
        _first_learner(session) != session[0][1].learner
        for session in _groups(arrived, lambda event: event.session)
    )


def _first_learner(session: Sequence[Arrived]) -> str:
    """Who owned the session when its first wave had been loaded."""
    first_wave = min(wave for wave, _ in session)
    return next(event.learner for wave, event in session if wave == first_wave)


def _renumbers_attempts(_: Case, arrived: Sequence[Arrived]) -> bool:
    answers = [(wave, event) for wave, event in arrived if event.event_type in ANSWERS]
    return any(
        _is_overtaken(group)
        for group in _groups(answers, lambda event: f"{event.learner} {event.ids['question_id']}")
    )


def _answers_a_pause_late(_: Case, arrived: Sequence[Arrived]) -> bool:
    """What ends a pause comes after it, from another session or from none."""
    return any(
        event.event_type == "session_pause" and following.session != event.session and later > wave
        for learner in _groups(arrived, lambda event: event.learner)
        for (wave, event), (later, following) in pairwise(learner)
    )


def _fills_a_streaks_gap(_: Case, arrived: Sequence[Arrived]) -> bool:
    studied = [(wave, event) for wave, event in arrived if event.event_type not in GAMIFICATION]
    for learner in _groups(studied, lambda event: event.learner):
        first_wave: dict[object, int] = {}
        for wave, event in learner:
            day = event.at.date()
            first_wave[day] = min(wave, first_wave.get(day, wave))
        days = sorted(first_wave.items(), key=lambda item: str(item[0]))
        if any(a[1] > b[1] for a, b in pairwise(days)):
            return True
    return False


def _changes_a_comparison(_: Case, arrived: Sequence[Arrived]) -> bool:
    """A late event in the week before one that is loaded already."""
    return any(
        wave > loaded and 0 < (other.at - event.at).days <= 13
        for learner in _groups(arrived, lambda event: event.learner)
        for wave, event in learner
        for loaded, other in learner
    )


def _spans_midnight(_: Case, arrived: Sequence[Arrived]) -> bool:
    return any(
        b.at - a.at <= IDLE_LIMIT and _date(a, zone) != _date(b, zone)
        for session in _groups(arrived, lambda event: event.session)
        for zone in [_timezone(session)]
        for (_, a), (_, b) in pairwise(session)
    )


def _waits_exactly_the_limit(_: Case, arrived: Sequence[Arrived]) -> bool:
    return any(
        b.at - a.at == IDLE_LIMIT
        for session in _groups(arrived, lambda event: event.session)
        for (_, a), (_, b) in pairwise(session)
    )


def _has_foreign_events(_: Case, arrived: Sequence[Arrived]) -> bool:
    sessions = _groups(arrived, lambda event: event.session)
    return any(len({event.learner for _, event in session}) > 1 for session in sessions)


def _groups(
    arrived: Sequence[Arrived], key: Callable[[StudyEvent], str | None]
) -> Iterator[list[Arrived]]:
    """The events of each key in their order; those without one are left out."""
    groups: dict[str, list[Arrived]] = {}
    for wave, event in arrived:
        value = key(event)
        if value is not None:
            groups.setdefault(value, []).append((wave, event))
    yield from groups.values()


def _is_overtaken(group: Sequence[Arrived]) -> bool:
    return any(earlier > later for (earlier, _), (later, _) in pairwise(group))


def _timezone(session: Sequence[Arrived]) -> ZoneInfo:
    named = [event.properties.get("timezone") for _, event in session]
    return ZoneInfo(str(next(filter(None, named), "UTC")))


def _date(event: StudyEvent, zone: ZoneInfo) -> object:
    return event.at.astimezone(UTC).astimezone(zone).date()


KINDS: dict[str, Callable[[Case, Sequence[Arrived]], bool]] = {
    "arrives out of order": _is_permuted,
    "offered more than once": _is_duplicated,
    "arrives more than a year late": _comes_a_year_late,
    "arrives in one load": _comes_at_once,
    "arrives in seven loads or more": _comes_in_many_loads,
    "timezone arrives after the session's events": _names_its_timezone_late,
    "late event bridges a session": _bridges_a_session,
    "late event changes a session's owner": _changes_a_sessions_owner,
    "late attempt renumbers others": _renumbers_attempts,
    "pause ended late from outside its session": _answers_a_pause_late,
    "late day fills a streak": _fills_a_streaks_gap,
    "late event in the week before": _changes_a_comparison,
    "span over midnight": _spans_midnight,
    "span of exactly the idle limit": _waits_exactly_the_limit,
    "another learner's events in a session": _has_foreign_events,
}
