"""What the exam asks: the seed files of the dbt project, which are data to the oracle, too."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
DEFAULT_WEIGHT = 0.5


@dataclass(frozen=True)
class Exam:
    """By topic its weight, and the topics that have to come before it."""

    weights: dict[str, float]
    prerequisites: dict[str, list[str]]

    def weigh(self, topic: str) -> float:
        """The weight of a topic, 0..1."""
        return self.weights.get(topic, DEFAULT_WEIGHT)


@cache
def default_exam() -> Exam:
    """The exam that comes with the project."""
    topics = pd.read_csv(SEEDS / "topics.csv")
    needed = pd.read_csv(SEEDS / "topic_prerequisites.csv")
    return Exam(
        dict(zip(topics["topic_id"], topics["exam_weight"].astype(float), strict=True)),
        {str(topic): [*rows["prerequisite_id"]] for topic, rows in needed.groupby("topic_id")},
    )
