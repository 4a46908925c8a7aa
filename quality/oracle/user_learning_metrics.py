"""The oracle's `user_learning_metrics`: one row per `user_id`."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from fractions import Fraction
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from quality.oracle.days import ONE_DAY, local_date, to_datetime, to_instant
from quality.oracle.ground_rules import MICROSECONDS_PER_SECOND

SUMS = (
    "session_count",
    "materials_viewed",
    "materials_completed",
    "chunks_read",
    "questions_attempted",
    "questions_correct",
    "ai_interactions",
    "searches",
    "xp_earned",
    "event_count",
)
COLUMNS = (
    "user_id",
    "timezone",
    "as_of_date",
    "first_seen_at",
    "last_seen_at",
    "days_active",
    *SUMS,
    "study_seconds",
    "active_seconds",
    "accuracy",
    "current_streak_days",
    "longest_streak_days",
    "days_active_7",
    "days_active_28",
    "days_active_90",
    "active_seconds_28",
    "questions_attempted_28",
    "accuracy_28",
    "sessions_per_week",
    "median_session_seconds",
    "preferred_hour",
    "consistency",
    "mean_mastery",
    "topics_studied",
    "topics_mastered",
    "learning_velocity",
)
Row = dict[str, Any]


def build_user_learning_metrics(
    placed: pd.DataFrame, marts: dict[str, pd.DataFrame], as_of: datetime
) -> pd.DataFrame:
    """Build the mart from placed events and the marts it sums up, evaluated at `as_of`."""
    days, sessions, topics, streaks = (
        _by_learner(marts[name])
        for name in ("daily_user_stats", "study_sessions", "topic_mastery", "user_gamification")
    )
    instant = to_instant(as_of)
    rows = []
    for learner, events in placed.groupby("user_id", sort=False):
        user_id = str(learner)
        timezone = events["timezone"].iloc[-1]
        today = local_date(instant, timezone)
        (streak,) = streaks[user_id]
        rows.append(
            {
                "user_id": user_id,
                "timezone": timezone,
                "as_of_date": today,
                "first_seen_at": to_datetime(int(events["at"].iloc[0])),
                "last_seen_at": to_datetime(int(events["at"].iloc[-1])),
                "current_streak_days": streak["current_streak"],
                "longest_streak_days": streak["longest_streak"],
            }
            | _add_up(days[user_id])
            | _look_back(days[user_id], today)
            | _describe_sessions(sessions.get(user_id, []))
            | _describe_topics(topics.get(user_id, []))
        )
    return pd.DataFrame(rows, columns=[*COLUMNS], dtype=object)


def _by_learner(mart: pd.DataFrame) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for row in mart.to_dict("records"):
        rows.setdefault(row["user_id"], []).append({str(name): row[name] for name in row})
    return rows


def _add_up(days: list[Row]) -> Row:
    sums: Row = {name: sum(day[name] for day in days) for name in SUMS}
    return sums | {
        "days_active": _count_active(days),
        "study_seconds": _seconds(days, "study_seconds"),
        "active_seconds": _seconds(days, "active_seconds"),
        "accuracy": _accuracy(days),
    }


def _look_back(days: list[Row], today: date) -> Row:
    last_28 = _window(days, today, 28)
    before = _accuracy(_window(days, today - 28 * ONE_DAY, 28))
    accuracy = _accuracy(last_28)
    weeks = [_count_active(_window(days, today - 7 * back * ONE_DAY, 7)) for back in range(4)]
    return {
        "days_active_7": weeks[0],
        "days_active_28": sum(weeks),
        "days_active_90": _count_active(_window(days, today, 90)),
        "active_seconds_28": _seconds(last_28, "active_seconds"),
        "questions_attempted_28": sum(day["questions_attempted"] for day in last_28),
        "accuracy_28": accuracy,
        "sessions_per_week": sum(day["session_count"] for day in last_28) / 4,
        "consistency": sum(weeks) / (4 * max(weeks)) if any(weeks) else None,
        "learning_velocity": None if accuracy is None or before is None else accuracy - before,
    }


def _describe_sessions(sessions: list[Row]) -> Row:
    hours = Counter(
        session["started_at"].astimezone(ZoneInfo(session["timezone"])).hour for session in sessions
    )
    return {
        "median_session_seconds": (
            median(session["active_seconds"] for session in sessions) if sessions else None
        ),
        "preferred_hour": (min(hours, key=lambda hour: (-hours[hour], hour)) if sessions else None),
    }


def _describe_topics(topics: list[Row]) -> Row:
    scores = [Fraction(topic["mastery_score"]) for topic in topics if topic["questions_attempted"]]
    return {
        "mean_mastery": float(sum(scores) / len(scores)) if scores else None,
        "topics_studied": len(topics),
        "topics_mastered": sum(topic["mastery_level"] == "mastered" for topic in topics),
    }


def _window(days: list[Row], last: date, length: int) -> list[Row]:
    """The days among the `length` dates that end with `last`."""
    return [day for day in days if last - length * ONE_DAY < day["local_date"] <= last]


def _count_active(days: Iterable[Row]) -> int:
    return sum(day["streak_days"] > 0 for day in days)


def _accuracy(days: list[Row]) -> float | None:
    attempted = sum(day["questions_attempted"] for day in days)
    correct = sum(day["questions_correct"] for day in days)
    return float(correct / attempted) if attempted else None


def _seconds(days: list[Row], name: str) -> float:
    """The sum of the days' seconds, added as the microseconds they were made of."""
    # The double nearest to a whole microsecond gives it back exactly, up to centuries.
    whole: int = sum(round(day[name] * MICROSECONDS_PER_SECOND) for day in days)
    return whole / MICROSECONDS_PER_SECOND
