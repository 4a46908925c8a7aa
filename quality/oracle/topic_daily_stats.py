"""The oracle's `topic_daily_stats`: one row per (`topic_id`, `local_date`)."""

import pandas as pd

from quality.oracle.ground_rules import (
    MICROSECONDS_PER_SECOND,
    count,
    distinct,
    of_the_learner,
    of_type,
)
from quality.oracle.spans import time_by_day

COLUMNS = (
    "topic_id",
    "local_date",
    "learners",
    "study_seconds",
    "questions_attempted",
    "questions_correct",
    "accuracy",
    "median_time_to_answer_seconds",
    "hint_rate",
    "first_attempt_accuracy",
    "ai_questions",
)
BY = ["topic_id", "local_date"]


def build_topic_daily_stats(
    placed: pd.DataFrame, spans: pd.DataFrame, attempts: pd.DataFrame
) -> pd.DataFrame:
    """Build the mart from placed events, their spans and the mart of attempts."""
    events = of_the_learner(placed).dropna(subset=["topic_id"])
    attempts = attempts.dropna(subset=["topic_id"])
    # What overlaps counts once for a learner; two learners at a time are two.
    time = time_by_day(spans, "active_from", ["topic_id", "user_id"])
    named = pd.concat([events[[*BY, "user_id"]], time.index.to_frame(index=False)])

    topics = pd.DataFrame({"learners": distinct(named, BY, "user_id")})
    topics["study_seconds"] = (
        time.groupby(level=BY).sum().reindex(topics.index, fill_value=0) / MICROSECONDS_PER_SECOND
    )
    counts = {
        "questions_attempted": count(attempts, BY),
        "questions_correct": count(attempts[attempts["is_correct"]], BY),
        "ai_questions": count(of_type(events, "ai_question_asked"), BY),
    }
    for name, counted in counts.items():
        topics[name] = counted.reindex(topics.index, fill_value=0).astype("int64")
    # Nothing attempted: a ratio over nothing is null, and 0 / 0 is NaN.
    topics["accuracy"] = topics["questions_correct"] / topics["questions_attempted"]
    topics["median_time_to_answer_seconds"] = attempts.groupby(BY)[
        "time_to_answer_seconds"
    ].median()
    topics["hint_rate"] = attempts.groupby(BY)["hint_used"].mean()
    first = attempts[attempts["is_first_attempt"]]
    topics["first_attempt_accuracy"] = first.groupby(BY)["is_correct"].mean()
    return topics.reset_index()[[*COLUMNS]]
