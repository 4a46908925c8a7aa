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


class Beliefs:
    """What is known of each learner after all attempts, and what it was after each of them."""

    def __init__(self, attempts: pd.DataFrame, as_of: datetime) -> None:
        self.model: Model = default_model()
        self.now = midnight(as_of)
        self.steps: list[tuple[Any, ...]] = []
        self._stranger = LearnerModel(self.model)
        in_order = attempts.sort_values(["attempted_at", "event_id"])
        self._known = {
            user: self._learn(user, rows) for user, rows in in_order.groupby("user_id", sort=False)
        }

    def believe(self, user: Any, topic: str) -> tuple[float, float, float, str]:
        """Score, interval and level of a topic at midnight."""
        learner = self._known.get(user, self._stranger)
        belief = learner.believe(topic, _days(self.now))
        return (*belief, learner.level(topic, belief.score))

    def _learn(self, user: Any, rows: pd.DataFrame) -> LearnerModel:
        learner = LearnerModel(self.model)
        names = ["topic_id", "is_correct", "hint_used", "confidence_level", "attempt_number"]
        for at, topic, right, hinted, sure, number in rows[["attempted_at", *names]].itertuples(
            index=False, name=None
        ):
            confidence = None if pd.isna(sure) else int(sure)
            answer = Answer(_days(at), bool(right), bool(hinted), confidence, number == 1)
            belief, level = learner.add("" if pd.isna(topic) else topic, answer)
            if not pd.isna(topic):
                self.steps.append((user, topic, at, bool(right), *belief, level))
        return learner


def build_topic_mastery(
    placed: pd.DataFrame, attempts: pd.DataFrame, beliefs: Beliefs
) -> pd.DataFrame:
    """Build the mart from placed events, the mart of attempts and what these let one believe."""
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
    told = [beliefs.believe(user, topic) for user, topic in mart.index]
    mart[names] = pd.DataFrame(told, index=mart.index, columns=names)
    mart["model_version"] = beliefs.model["version"]
    mart["as_of"] = beliefs.now
    return mart.reset_index()[[*COLUMNS]]


def midnight(as_of: datetime) -> pd.Timestamp:
    """Give the midnight that begins the UTC date of an instant."""
    return pd.Timestamp(datetime.combine(as_of.astimezone(UTC).date(), time.min, UTC))


def _days(instant: pd.Timestamp) -> float:
    return (instant - EPOCH) // pd.Timedelta(microseconds=1) / 86_400_000_000
