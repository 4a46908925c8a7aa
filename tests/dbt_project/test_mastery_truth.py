"""Mastery against the truth: the hidden abilities of learners that nothing was fitted on."""

from datetime import UTC, datetime

import pandas as pd
import psycopg
import pytest

from ingestion.simulation import hidden_abilities, simulate
from tests.dbt_project.conftest import MODELS, Dbt
from tests.end_to_end.test_oracle import land_all

# The last simulated instant is the midnight that mastery is told of.
END = datetime(2026, 2, 15, tzinfo=UTC)
COHORT = (40, 40, 2_026, END)
_MASTERY = """
select user_id::text, topic_id, questions_attempted, mastery_score, mastery_low, mastery_high
from marts.topic_mastery
where questions_attempted > 0
"""


@pytest.mark.slow
def test_mastery_orders_learners_by_their_hidden_ability_and_is_as_sure_as_it_says(
    dbt: Dbt, database_url: str
) -> None:
    land_all(database_url, simulate(*COHORT))
    ran = dbt("build", *MODELS, url=database_url, as_of=END.isoformat())
    assert ran.success, ran.stdout
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(_MASTERY).fetchall()
    told = pd.DataFrame(rows, columns=["user", "topic", "answers", "score", "low", "high"])
    truth = {
        (each.user_id, each.topic_id): each.chance_correct for each in hidden_abilities(*COHORT)
    }
    told["truth"] = [truth[key] for key in zip(told["user"], told["topic"], strict=True)]

    assert len(told) > 700
    correlation = told["score"].rank().corr(told["truth"].rank())
    covered = told["truth"].between(told["low"], told["high"]).mean()
    print(f"{len(told)} topics: Spearman {correlation:.3f}, covered {covered:.3f}")  # noqa: T201
    assert correlation >= 0.85
    assert 0.75 <= covered <= 0.85
