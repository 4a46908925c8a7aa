"""Fitting on the installation's own answers: better models come into force, others do not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import pandas as pd
import psycopg
import pytest

from bench.mastery.features import land_answers, run_models
from ingestion.store.database import Role, role_url
from orchestration.defs.dbt.manifest import dbt_project
from orchestration.defs.mastery.refit import tell
from orchestration.loads.digests import read_project
from orchestration.mastery.figures import Bin, Figures
from orchestration.mastery.plot import draw_reliability
from orchestration.mastery.refitting import decide, refit
from orchestration.mastery.versions import read_model

SUNDAY = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)


def draw_answers(learners: int, answers: int) -> pd.DataFrame:
    """Learners who are able or not, and questions that are easy or not."""
    dice = Random(5)
    rows = [
        (f"u{who}", who, f"q{(what * 7 + who) % 40}", f"t{what % 4}", 600.0 * what)
        for who in range(learners)
        for what in range(answers)
    ]
    frame = pd.DataFrame(rows, columns=["user", "learner", "item", "skill", "seconds"])
    chance = [
        0.05 + 0.9 * ((who % 10) / 10 + int(item[1:]) / 40) / 2
        for who, item in zip(frame["learner"], frame["item"], strict=True)
    ]
    return frame.assign(right=[int(dice.random() < each) for each in chance], fold=0)


@contextmanager
def read(url: str) -> Iterator[psycopg.Connection]:
    own = role_url(url, Role.TRANSFORM, application_name="test")
    with psycopg.connect(own, autocommit=True) as connection:
        yield connection


def test_better_model_is_promoted_and_an_equal_one_is_not(database_url: str) -> None:
    own = role_url(database_url, Role.TRANSFORM, application_name="test")
    land_answers(own, draw_answers(90, 150))
    run_models(database_url)

    first = refit(database_url, SUNDAY)
    second = refit(database_url, SUNDAY + timedelta(days=7))

    assert first.is_promoted, first.why
    assert first.new
    assert first.old
    assert first.new.log_loss < first.old.log_loss - 0.02
    assert first.new.ece < 0.05
    # the same answers give the same model, and that is no better than itself
    assert not second.is_promoted
    assert second.new
    assert second.old
    assert second.new.log_loss == pytest.approx(first.new.log_loss, abs=1e-6)
    assert second.old.log_loss == pytest.approx(first.new.log_loss, abs=1e-6)
    assert {"new: ECE", "in force: log-loss", "reliability"} <= tell(first).keys()
    with read(database_url) as connection:
        in_force = read_model(connection, None)
        assert in_force
        assert in_force["version"] == first.version == "fit-20260301T023000"
        # one setting takes it back
        assert read_model(connection, "default-1") is None
        held = read_model(connection, second.version)
        assert held
        assert held["version"] == second.version
        with pytest.raises(ValueError, match="no mastery model fit-of-nobody"):
            read_model(connection, "fit-of-nobody")
        frozen = connection.execute(
            "select kind, count(*) from ops.mastery_difficulties where version = %s group by 1",
            [first.version],
        ).fetchall()
    assert dict(frozen) == {"all": 1, "topic": 4, "question": 40}


def test_few_answers_are_no_ground_for_a_model(database_url: str) -> None:
    own = role_url(database_url, Role.TRANSFORM, application_name="test")
    land_answers(own, draw_answers(10, 20))
    run_models(database_url)

    done = refit(database_url, SUNDAY)

    assert not done.is_promoted
    assert "too few" in done.why
    with read(database_url) as connection:
        assert read_model(connection, None) is None


@pytest.mark.parametrize(
    ("log_loss", "ece", "promoted"),
    [(0.49, 0.01, True), (0.49995, 0.01, False), (0.51, 0.0, False), (0.4, 0.021, False)],
)
def test_promotion_takes_less_loss_and_honest_chances(
    log_loss: float, ece: float, promoted: bool
) -> None:
    old = Figures(auc=0.8, log_loss=0.5, ece=0.015, answers=5_000)
    assert decide(Figures(0.9, log_loss, ece, 5_000), old)[0] is promoted


def test_another_model_is_another_definition_of_mastery_and_of_nothing_else() -> None:
    manifest = dbt_project().manifest_path
    before = read_project(manifest).models
    after = read_project(manifest, {"mastery_model": {"version": "fit-1"}}).models

    changed = {name for name in before if before[name].digest != after[name].digest}
    assert changed == {
        "int_cohort_topics",
        "int_topic_states",
        "mastery_history",
        "topic_mastery",
        "knowledge_gaps",
        "user_learning_metrics",
    }


def test_plot_has_a_point_for_each_bin() -> None:
    svg = draw_reliability([Bin(0.1, 0.2, 50), Bin(0.9, 0.8, 5)])
    assert svg.count("<circle") == 2
    assert svg.startswith("<svg")
    assert svg.endswith("</svg>")
