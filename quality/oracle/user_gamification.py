"""The oracle's `user_gamification`: one row per `user_id`."""

from datetime import datetime

import pandas as pd

from quality.oracle.days import ONE_DAY, local_date, to_instant
from quality.oracle.ground_rules import of_type, reported

COLUMNS = (
    "user_id",
    "total_xp",
    "level",
    "current_streak",
    "longest_streak",
    "achievements",
    "reported_total_xp",
)
BY = "user_id"
FIRST_LEVEL = 1


def build_user_gamification(
    placed: pd.DataFrame, days: pd.DataFrame, as_of: datetime
) -> pd.DataFrame:
    """Build the mart from placed events and the mart of days, evaluated at `as_of`."""
    last_event = placed.drop_duplicates(BY, keep="last").set_index(BY)
    learners = last_event.index
    xp = of_type(placed, "xp_earned")
    levels = of_type(placed, "level_up")
    unlocked = of_type(placed, "achievement_unlocked")
    level = _whole(levels, "new_level").groupby(levels[BY]).max()
    total_reported = _whole(xp, "new_total_xp").groupby(xp[BY]).last()
    mart = pd.DataFrame(
        {
            "total_xp": _whole(xp, "xp_amount").groupby(xp[BY]).sum().reindex(learners).fillna(0),
            "level": level.reindex(learners).fillna(FIRST_LEVEL),
            "current_streak": _current_streaks(last_event["timezone"], days, as_of),
            "longest_streak": days.groupby(BY)["streak_days"].max().reindex(learners),
            "achievements": _achievements(unlocked, learners),
            "reported_total_xp": total_reported.reindex(learners),
        },
        index=learners,
    )
    return mart.reset_index()[[*COLUMNS]]


def _whole(events: pd.DataFrame, name: str) -> pd.Series:
    return reported(events, name).astype("Int64")


def _current_streaks(timezones: pd.Series, days: pd.DataFrame, as_of: datetime) -> pd.Series:
    """The streak of each learner that is unbroken at `as_of`: today may still be added to it."""
    days = days[days["streak_days"] > 0].sort_values("local_date")
    last_day = days.drop_duplicates(BY, keep="last").set_index(BY)
    instant = to_instant(as_of)
    streaks = {
        user_id: streak
        for user_id, day, streak in zip(
            last_day.index, last_day["local_date"], last_day["streak_days"], strict=True
        )
        if day >= local_date(instant, timezones[user_id]) - ONE_DAY
    }
    return pd.Series([streaks.get(user_id, 0) for user_id in timezones.index], timezones.index)


def _achievements(unlocked: pd.DataFrame, learners: pd.Index) -> pd.Series:
    """The distinct achievements of each learner as a list, in order of their bytes."""
    named = unlocked.assign(achievement=reported(unlocked, "achievement_id"))
    of_learner = named.dropna(subset=["achievement"]).groupby(BY)["achievement"].agg(set).to_dict()
    lists = [sorted(of_learner.get(user_id, ()), key=str.encode) for user_id in learners]
    return pd.Series(lists, index=learners, dtype=object)
