"""The oracle's `weekly_user_stats`: one row per (`user_id`, `week_start_date`)."""

from datetime import timedelta

import pandas as pd

from quality.oracle.days import monday_of
from quality.oracle.ground_rules import MICROSECONDS_PER_SECOND, distinct, of_the_learner

COLUMNS = (
    "user_id",
    "week_start_date",
    "days_active",
    "session_count",
    "study_seconds",
    "active_seconds",
    "materials_viewed",
    "materials_completed",
    "chunks_read",
    "questions_attempted",
    "questions_correct",
    "accuracy",
    "topics_studied",
    "ai_interactions",
    "searches",
    "xp_earned",
    "event_count",
    "accuracy_change",
    "active_seconds_change",
)
BY = ["user_id", "week_start_date"]
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
ONE_WEEK = timedelta(days=7)


def build_weekly_user_stats(placed: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    """Build the mart from placed events and the mart of days."""
    days = days.assign(week_start_date=days["local_date"].map(monday_of))
    weeks = days.groupby(BY, sort=False)[[*SUMS]].sum()
    weeks["days_active"] = (days["streak_days"] > 0).groupby([days[name] for name in BY]).sum()
    studied = of_the_learner(placed)
    studied = studied.assign(week_start_date=studied["local_date"].map(monday_of))
    topics = distinct(studied, BY, "topic_id")
    weeks["topics_studied"] = topics.reindex(weeks.index, fill_value=0)
    study, active = (_microseconds(days, name) for name in ("study_seconds", "active_seconds"))
    weeks["study_seconds"] = study / MICROSECONDS_PER_SECOND
    weeks["active_seconds"] = active / MICROSECONDS_PER_SECOND
    # Nothing attempted: a ratio over nothing is null, and 0 / 0 is NaN.
    weeks["accuracy"] = weeks["questions_correct"] / weeks["questions_attempted"]
    weeks["accuracy_change"] = weeks["accuracy"] - _week_before(weeks["accuracy"])
    weeks["active_seconds_change"] = (active - _week_before(active)) / MICROSECONDS_PER_SECOND
    return weeks.reset_index()[[*COLUMNS]]


def _microseconds(days: pd.DataFrame, name: str) -> pd.Series:
    """The sum of the days' seconds, week by week, in the microseconds they were made of."""
    # The double nearest to a whole microsecond gives it back exactly, up to centuries.
    microseconds = (days[name] * MICROSECONDS_PER_SECOND).round().astype("Int64")
    return microseconds.groupby([days[name] for name in BY], sort=False).sum()


def _week_before(weeks: pd.Series) -> pd.Series:
    """The value of the calendar week before each week; null where the learner has none."""
    before = [(user_id, monday - ONE_WEEK) for user_id, monday in weeks.index]
    return pd.Series(weeks.reindex(before).array, index=weeks.index)
