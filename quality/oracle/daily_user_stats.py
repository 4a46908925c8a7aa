"""The oracle's `daily_user_stats`: one row per (`user_id`, `local_date`)."""

from datetime import date

import pandas as pd

from quality.oracle.days import ONE_DAY, monday_of
from quality.oracle.ground_rules import (
    MICROSECONDS_PER_SECOND,
    chunks,
    count,
    distinct,
    of_the_learner,
    of_type,
    reported,
)
from quality.oracle.spans import time_by_day

COLUMNS = (
    "user_id",
    "local_date",
    "week_start_date",
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
    "streak_days",
)
BY = ["user_id", "local_date"]


def build_daily_user_stats(
    placed: pd.DataFrame, spans: pd.DataFrame, attempts: pd.DataFrame
) -> pd.DataFrame:
    """Build the mart from placed events, their spans and the mart of attempts."""
    days = placed[BY].drop_duplicates().set_index(BY)
    counts = _counts(placed, attempts).reindex(days.index).fillna(0).astype("int64")
    days = days.join(counts)
    for name, begin in (("study_seconds", "start"), ("active_seconds", "active_from")):
        time = time_by_day(spans, begin, ["user_id"]).reindex(days.index, fill_value=0)
        days[name] = time / MICROSECONDS_PER_SECOND
    # Nothing attempted: a ratio over nothing is null, and 0 / 0 is NaN.
    days["accuracy"] = days["questions_correct"] / days["questions_attempted"]
    days["streak_days"] = _streaks(placed).reindex(days.index, fill_value=0).astype("int64")
    days["week_start_date"] = [monday_of(day) for _, day in days.index]
    return days.reset_index()[[*COLUMNS]]


def _counts(placed: pd.DataFrame, attempts: pd.DataFrame) -> pd.DataFrame:
    """Every count of the mart; a day that has none of something is null here."""
    first_of_session = placed.dropna(subset=["session_id"]).drop_duplicates("session_id")
    materials = placed[placed["event_type"].str.startswith("material_")]
    xp = of_type(placed, "xp_earned")
    xp = xp.assign(amount=reported(xp, "xp_amount").astype("Int64"))
    return pd.DataFrame(
        {
            "session_count": count(first_of_session, BY),
            "materials_viewed": distinct(materials, BY, "material_id"),
            "materials_completed": distinct(
                of_type(placed, "material_complete"), BY, "material_id"
            ),
            "chunks_read": distinct(chunks(placed), BY, "material_id", "chunk"),
            "questions_attempted": count(attempts, BY),
            "questions_correct": count(attempts[attempts["is_correct"]], BY),
            "topics_studied": distinct(of_the_learner(placed), BY, "topic_id"),
            "ai_interactions": count(of_type(placed, "ai_question_asked"), BY),
            "searches": count(of_type(placed, "search_performed"), BY),
            "xp_earned": xp.groupby(BY)["amount"].sum(),
            "event_count": count(placed, BY),
        }
    )


def _streaks(placed: pd.DataFrame) -> pd.Series:
    """The length of the run of study days that ends with each study day."""
    study_days = of_the_learner(placed)[BY].drop_duplicates().sort_values(BY)
    streaks: dict[tuple[str, date], int] = {}
    for user_id, day in study_days.itertuples(index=False, name=None):
        streaks[user_id, day] = streaks.get((user_id, day - ONE_DAY), 0) + 1
    index = pd.MultiIndex.from_tuples([*streaks], names=BY)
    return pd.Series([*streaks.values()], index=index, dtype="int64")
