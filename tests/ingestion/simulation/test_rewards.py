"""XP, levels, achievements, streaks and session totals follow from the events before them."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ingestion.events.gamification import EVENT_TYPES
from ingestion.gamification.rules import load_rules
from ingestion.readers.stream import EventDict
from ingestion.simulation import simulate
from tests.ingestion.readers.streams import occurred_at

END_AT = datetime(2026, 3, 29, 18, tzinfo=UTC)
LEVELS = load_rules().levels
REWARDS = {event_type.name for event_type in EVENT_TYPES}


@pytest.fixture(scope="module")
def learners() -> list[list[EventDict]]:
    by_user = defaultdict(list)
    for event in simulate(25, 45, 11, END_AT):
        by_user[event["user_id"]].append(event)
    return list(by_user.values())


def test_xp_and_levels_add_up(learners: list[list[EventDict]]) -> None:
    for learner in learners:
        total, level = 0, 1
        for event in learner:
            told = event["properties"]
            if event["event_type"] == "xp_earned":
                assert total < LEVELS.begins_at(level + 1)  # no level was forgotten
                total += told["xp_amount"]
                assert told["new_total_xp"] == total
            elif event["event_type"] == "level_up":
                assert told == {"old_level": level, "new_level": level + 1, "total_xp": total}
                level += 1
                assert LEVELS.begins_at(level) <= total


def test_achievements_come_once_with_their_xp(learners: list[list[EventDict]]) -> None:
    kinds = set()
    for learner in learners:
        unlocked = [event for event in learner if event["event_type"] == "achievement_unlocked"]
        ids = [event["properties"]["achievement_id"] for event in unlocked]
        assert len(ids) == len(set(ids))
        kinds |= {event["properties"]["achievement_type"] for event in unlocked}
        rewards = [
            event["properties"]["xp_amount"]
            for event in learner
            if event["event_type"] == "xp_earned"
            and event["properties"]["xp_source"] == "achievement"
        ]
        assert rewards == [event["properties"]["xp_reward"] for event in unlocked]
    assert kinds == {"streak", "mastery", "milestone"}


def test_streaks_count_local_days_and_break_at_midnight(learners: list[list[EventDict]]) -> None:
    broken = over_change_of_clocks = 0
    for learner in learners:
        zone = zone_of(learner)
        day: date | None = None
        streak = longest = 0
        for event in learner:
            local = occurred_at(event).astimezone(zone)
            told = event["properties"]
            if event["event_type"] == "streak_continued":
                assert day == local.date()  # it follows the day's first study event
                longest = max(longest, streak)
                assert (told["old_streak"], told["new_streak"]) == (streak - 1, streak)
            elif event["event_type"] == "streak_broken":
                assert day is not None
                assert local == datetime.combine(day + timedelta(days=2), local.time(), zone)
                # where clocks go forward over midnight, the day begins at one
                assert (local.hour, local.minute) in {(0, 0), (1, 0)}
                assert (told["old_streak"], told["new_streak"]) == (streak, 0)
                assert "session_id" not in event
                streak, broken = 0, broken + 1
            elif event["event_type"] not in REWARDS and local.date() != day:
                over_change_of_clocks += day is not None and local.dst() != ZoneInfo(zone.key).dst(
                    datetime.combine(day, local.time())
                )
                streak = streak + 1 if day == local.date() - timedelta(days=1) else 1
                day = local.date()
    assert broken > 20
    assert over_change_of_clocks > 0


def test_session_end_tells_what_the_session_came_to(learners: list[list[EventDict]]) -> None:
    compared = 0
    for learner in learners:
        by_session: dict[str, list[EventDict]] = defaultdict(list)
        for event in learner:
            session = by_session[event.get("session_id", "")]
            session.append(event)
            if event["event_type"] == "session_end":
                compared += 1
                assert event["properties"] == sum_up(session)
    assert compared > 300


def sum_up(session: list[EventDict]) -> EventDict:
    """A session's totals, written from the definitions in docs/metrics.md."""
    times = [occurred_at(event) for event in session]
    active = sum(
        (
            later - earlier
            for event, earlier, later in zip(session, times, times[1:], strict=False)
            if later - earlier <= timedelta(minutes=30) and event["event_type"] != "session_pause"
        ),
        timedelta(0),
    )
    materials = {e["material_id"] for e in session if e["event_type"].startswith("material_")}
    return {
        "duration_seconds": (times[-1] - times[0]).total_seconds(),
        "active_seconds": active.total_seconds(),
        "materials_viewed": len(materials),
        "questions_attempted": sum("is_correct" in event["properties"] for event in session),
        "xp_earned": sum(
            event["properties"]["xp_amount"]
            for event in session
            if event["event_type"] == "xp_earned"
        ),
    }


def zone_of(learner: list[EventDict]) -> ZoneInfo:
    names = {
        event["properties"]["timezone"]
        for event in learner
        if event["event_type"] == "session_start"
    }
    (name,) = names
    return ZoneInfo(name)
