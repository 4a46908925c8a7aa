"""The oracle's `topic_mastery`: one row per (`user_id`, `topic_id`)."""

from datetime import UTC, datetime, time
from typing import Any

import pandas as pd

from quality.oracle.ground_rules import count, distinct, of_the_learner
from quality.oracle.mastery_model import Answer, LearnerModel, Model, default_model

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
EPOCH = pd.Timestamp(0, tz="UTC")


def build_topic_mastery(
    placed: pd.DataFrame, attempts: pd.DataFrame, as_of: datetime
) -> pd.DataFrame:
    """Build the mart from placed events and the mart of attempts, evaluated at `as_of`, by the
    model that comes with the project.
    """
    model = default_model()
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
    names = ["mastery_score", "mastery_low", "mastery_high", "mastery_level"]
    beliefs = _believe_all(mart.index, attempts, midnight(as_of), model)
    mart[names] = pd.DataFrame(beliefs, index=mart.index, columns=names)
    mart["model_version"] = model["version"]
    mart["as_of"] = midnight(as_of)
    return mart.reset_index()[[*COLUMNS]]


def midnight(as_of: datetime) -> pd.Timestamp:
    """Give the midnight that begins the UTC date of an instant."""
    return pd.Timestamp(datetime.combine(as_of.astimezone(UTC).date(), time.min, UTC))


def _believe_all(
    topics: "pd.Index[Any]", attempts: pd.DataFrame, now: pd.Timestamp, model: Model
) -> list[tuple[float, float, float, str]]:
    """Score and interval and level of each (learner, topic), in their order."""
    in_order = attempts.sort_values(["attempted_at", "event_id"])
    known = {user: _learn(rows, model) for user, rows in in_order.groupby("user_id", sort=False)}
    stranger = LearnerModel(model)
    beliefs = []
    for user, topic in topics:
        learner = known.get(user, stranger)
        belief = learner.believe(topic, _days(now))
        beliefs.append((*belief, learner.level(topic, belief.score)))
    return beliefs


def _learn(rows: pd.DataFrame, model: Model) -> LearnerModel:
    learner = LearnerModel(model)
    names = ["topic_id", "is_correct", "hint_used", "confidence_level", "attempt_number"]
    for at, topic, right, hinted, sure, number in rows[["attempted_at", *names]].itertuples(
        index=False, name=None
    ):
        confidence = None if pd.isna(sure) else int(sure)
        answer = Answer(_days(at), bool(right), bool(hinted), confidence, number == 1)
        learner.add("" if pd.isna(topic) else topic, answer)
    return learner


def _days(instant: pd.Timestamp) -> float:
    return (instant - EPOCH) // pd.Timedelta(microseconds=1) / 86_400_000_000
