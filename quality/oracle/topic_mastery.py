"""The oracle's `topic_mastery`: one row per (`user_id`, `topic_id`)."""

from datetime import UTC, datetime, time
from math import sqrt

import pandas as pd

from quality.oracle.ground_rules import count, distinct, of_the_learner

COLUMNS = (
    "user_id",
    "topic_id",
    "first_seen_at",
    "last_seen_at",
    "event_count",
    "days_studied",
    "questions_attempted",
    "questions_correct",
    "accuracy",
    "first_attempt_at",
    "last_attempt_at",
    "mastery_score",
    "mastery_low",
    "mastery_high",
    "mastery_level",
    "model_version",
    "as_of",
)
BY = ["user_id", "topic_id"]
MODEL_VERSION = "laplace-1"
Z = 1.96


def build_topic_mastery(
    placed: pd.DataFrame, attempts: pd.DataFrame, as_of: datetime
) -> pd.DataFrame:
    """Build the mart from placed events and the mart of attempts, evaluated at `as_of`."""
    events = of_the_learner(placed).dropna(subset=["topic_id"])
    mart = pd.DataFrame({"event_count": count(events, BY)})
    seen = pd.to_datetime(events["at"], unit="us", utc=True).groupby([events[name] for name in BY])
    mart["first_seen_at"], mart["last_seen_at"] = seen.min(), seen.max()
    mart["days_studied"] = distinct(events, BY, "local_date")
    mart["questions_attempted"] = count(attempts, BY)
    mart["questions_correct"] = count(attempts[attempts["is_correct"]], BY)
    counts = ["questions_attempted", "questions_correct"]
    mart[counts] = mart[counts].fillna(0).astype("int64")
    # Nothing attempted: a ratio over nothing is null, and 0 / 0 is NaN.
    mart["accuracy"] = mart["questions_correct"] / mart["questions_attempted"]
    attempted = attempts.groupby(BY)["attempted_at"]
    mart["first_attempt_at"], mart["last_attempt_at"] = attempted.min(), attempted.max()
    beliefs = [
        _believe(correct, attempted)
        for correct, attempted in zip(
            mart["questions_correct"], mart["questions_attempted"], strict=True
        )
    ]
    names = ["mastery_score", "mastery_low", "mastery_high", "mastery_level"]
    mart[names] = pd.DataFrame(beliefs, index=mart.index, columns=names)
    mart["model_version"] = MODEL_VERSION
    mart["as_of"] = midnight(as_of)
    return mart.reset_index()[[*COLUMNS]]


def midnight(as_of: datetime) -> pd.Timestamp:
    """Give the midnight that begins the UTC date of an instant."""
    return pd.Timestamp(datetime.combine(as_of.astimezone(UTC).date(), time.min, UTC))


def score(correct: int, attempted: int) -> float:
    """Give the predicted chance of a right answer after so many right ones of so many."""
    return (correct + 1) / (attempted + 2)


def _believe(correct: int, attempted: int) -> tuple[float, float, float, str]:
    chance = score(correct, attempted)
    if attempted == 0:
        return chance, 0.0, 1.0, "unseen"
    low, high = _interval(correct / attempted, attempted)
    return chance, low, high, _level(chance, low)


def _interval(share: float, attempted: int) -> tuple[float, float]:
    """Wilson's interval of the chance behind a share of so many attempts."""
    middle = share + Z**2 / (2 * attempted)
    spread = Z * sqrt(share * (1 - share) / attempted + Z**2 / (4 * attempted**2))
    whole = 1 + Z**2 / attempted
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def _level(chance: float, low: float) -> str:
    if chance >= 0.8 and low >= 0.6:
        return "mastered"
    if chance >= 0.7:
        return "proficient"
    return "developing" if chance >= 0.5 else "novice"
