"""`python -m bench.mastery.repeats --data FILE`: what a repeat tells beside a first answer.

Of learners held out, the first answers to questions of a topic that they have answered before are
foretold: from the question and the learner, and from what the learner did in the topic, counted in
several ways.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from bench.mastery.answers import DataError, read_answers
from bench.mastery.defaults import read_cohort
from bench.mastery.features import compute_features, open_warehouse
from bench.mastery.learners import Shares, share_out
from orchestration.mastery.figures import judge
from orchestration.mastery.fitting import fit

# What is known without the topic's own answers.
_BESIDE = (
    "question_logit",
    "topic_logit",
    "learner_right_64",
    "learner_wrong_64",
    "learner_surprise",
)
_WAYS: Mapping[str, tuple[str, ...]] = {
    "nothing of the topic": (),
    "first answers": ("first_right", "first_wrong"),
    "repeats": ("repeat_right", "repeat_wrong"),
    "all alike": ("any_right", "any_wrong"),
    "first answers and repeats, apart": (
        "first_right",
        "first_wrong",
        "repeat_right",
        "repeat_wrong",
    ),
    "surprise": ("topic_surprise",),
}


def count_evidence(answers: pd.DataFrame) -> pd.DataFrame:
    """Count, before each answer, those of the learner in the topic, as ln(1 + count).

    `answers`: columns learner, item, skill (text or null), right, in the order they were given.
    Returns `is_first` (the learner's first answer to the question) and a column for each of first,
    repeat and any, right and wrong; row for row.
    """
    is_first = answers.groupby(["learner", "item"]).cumcount() == 0
    kinds = {"first": is_first, "repeat": ~is_first, "any": is_first | True}
    keys = [answers["learner"], answers["skill"].fillna("")]
    counted: dict[str, pd.Series] = {"is_first": is_first}
    for name, kind in kinds.items():
        for word, right in (("right", 1), ("wrong", 0)):
            such = (kind & (answers["right"] == right)).astype("int64")
            before = such.groupby(keys).cumsum() - such
            counted[f"{name}_{word}"] = before.astype("float64").map(np.log1p)
    return pd.DataFrame(counted)


def compare(shares: Shares, features: pd.DataFrame) -> dict[str, Any]:
    """Foretell by each way of counting, and say by how much an answer surprises.

    `gain` is the log-loss saved over knowing nothing of the topic.

    `features`: of all answers, row for row. Raises ValueError where nothing is left to judge by.
    """
    rows = shares.answers
    told = pd.concat([features, count_evidence(rows)], axis=1)
    asked = (told["is_first"] & (told["any_right"] + told["any_wrong"] > 0)).to_numpy()
    fitted, judged = asked & shares.fitted, asked & shares.judged
    right, fold = rows["right"].to_numpy(), rows["fold"].to_numpy()
    if not fitted.any() or not judged.any():
        raise ValueError("no learner answers a second question of a topic")
    learner = rows["learner"].to_numpy()
    ways: dict[str, Any] = {}
    losses: list[np.ndarray] = []
    for name, evidence in _WAYS.items():
        columns = [*_BESIDE, *evidence]
        model = fit(told.loc[fitted, columns], right[fitted], fold[fitted])
        chance = model.foretell(told.loc[judged, columns])
        figures = judge(right[judged], chance)
        loss = -np.log(np.where(right[judged] == 1, chance, 1 - chance))
        ways[name] = {
            "auc": figures.auc,
            "log_loss": figures.log_loss,
            "gain": _tell_gain(losses[0] - loss if losses else loss - loss, learner[judged]),
            "weights": {each: round(model.coefficients[each], 3) for each in evidence},
        }
        losses.append(loss)
    detail = {"fitted_on": int(fitted.sum()), "judged_by": int(judged.sum())}
    return {"ways": ways, "surprise": _tell_surprise(told, right, shares.judged), **detail}


def _tell_gain(gain: np.ndarray, learner: np.ndarray) -> dict[str, float]:
    """The mean and its standard error: answers of a learner hang together, learners do not."""
    of_learners = np.bincount(learner, gain - gain.mean())
    error = float(np.sqrt((of_learners**2).sum()) / len(gain))
    return {"log_loss": round(float(gain.mean()), 5), "error": round(error, 5)}


def _tell_surprise(
    told: pd.DataFrame, right: np.ndarray, judged: np.ndarray
) -> dict[str, dict[str, float]]:
    """By how much an answer of learners held out moves what is believed: mean of the surprise."""
    surprise = right - 1 / (1 + np.exp(-told["question_logit"].to_numpy()))
    first = told["is_first"].to_numpy()
    return {
        name: {
            word: round(float(surprise[judged & kind & (right == value)].mean()), 4)
            for word, value in (("right", 1), ("wrong", 0))
            if (judged & kind & (right == value)).any()
        }
        for name, kind in (("first", first), ("repeat", ~first))
    }


def main(
    data: Annotated[
        Path | None, typer.Option(help="File with the answers, as bench.mastery takes it.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="csv or lkt.")] = "csv",
    simulated: Annotated[
        int, typer.Option(min=2, help="Without --data: learners to simulate for 40 days.")
    ] = 60,
) -> None:
    """Print, as JSON, how well each way of counting foretells, and its weights.

    Example: python -m bench.mastery.repeats --data answers.csv
    """
    home = Path(os.environ.get("STUDY_BENCH_HOME") or ".study/bench").absolute()
    try:
        shares = share_out(read_answers(data, form) if data else read_cohort(simulated, 40, 11))
        with open_warehouse(home) as url:
            features = compute_features(url, shares)
        compared = compare(shares, features)
    except (DataError, ValueError) as error:
        raise SystemExit(str(error)) from error
    typer.echo(json.dumps(compared, indent=2))


if __name__ == "__main__":
    typer.run(main)
