"""The figures of every model on one data set, and how they are shown."""

import resource
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import HistGradientBoostingClassifier

from bench.mastery.baselines import BASELINES
from bench.mastery.features import compute_features, open_warehouse
from bench.mastery.learners import Shares
from orchestration.mastery.figures import judge, reliability
from orchestration.mastery.fitting import fit

TITLES = {
    "study": "this project",
    "gradient_boosting": "gradient boosting, same features",
    "best_lr": "Best-LR, sparse",
    "elo": "Elo: learner, skill, question",
    "pfa": "PFA",
    "bkt": "BKT, by EM",
    "item_difficulty": "question difficulty only",
    "running_correct": "running % correct in the skill",
    "constant": "share that is right",
}
# Answers so far in the skill, from and to.
_HISTORIES = {"first": (0, 0), "2_to_5": (1, 4), "6_and_more": (5, 10**9)}


def measure(shares: Shares, home: Path) -> dict[str, Any]:
    """The figures of all models by name: `auc`, `log_loss`, `ece`, `seconds`; and of the data."""
    start = perf_counter()
    with open_warehouse(home) as url:
        features = compute_features(url, shares)
    computed = perf_counter() - start
    right, fold = shares.answers["right"].to_numpy(), shares.answers["fold"].to_numpy()
    judged, fitted = shares.judged, shares.fitted
    start = perf_counter()
    model = fit(features[fitted], right[fitted], fold[fitted])
    chance = model.foretell(features[judged])
    measured: dict[str, Any] = {
        "study": _tell(right[judged], chance, perf_counter() - start + computed),
    }
    start = perf_counter()
    boosted = _boost(features, right, fitted)[judged]
    measured["gradient_boosting"] = _tell(right[judged], boosted, perf_counter() - start + computed)
    for name, foretell in BASELINES.items():
        start = perf_counter()
        measured[name] = _tell(right[judged], foretell(shares)[judged], perf_counter() - start)
    share = (right[fitted].sum() + 1) / (fitted.sum() + 2)
    measured["constant"] = _tell(right[judged], np.full(judged.sum(), share), 0.0)
    return measured | {"detail": _detail(shares, chance, computed)}


def _tell(right: np.ndarray, chance: np.ndarray, seconds: float) -> dict[str, float | None]:
    figures = judge(right, chance)
    rounded = {"log_loss": round(figures.log_loss, 5), "ece": round(figures.ece, 5)}
    auc = None if figures.auc is None else round(figures.auc, 5)
    return {"auc": auc, **rounded, "seconds": round(seconds, 1)}


def _boost(features: pd.DataFrame, right: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    if len(np.unique(right[fitted])) < 2:
        return np.full(len(right), (right[fitted].sum() + 1) / (fitted.sum() + 2))
    values = features.to_numpy()
    model = HistGradientBoostingClassifier(max_iter=200, learning_rate=0.06, random_state=0)
    return np.asarray(model.fit(values[fitted], right[fitted]).predict_proba(values)[:, 1])


def _detail(shares: Shares, chance: np.ndarray, computed: float) -> dict[str, Any]:
    rows = shares.answers[shares.judged]
    history = shares.answers.groupby(["learner", "skill"], dropna=False).cumcount()[shares.judged]
    right = rows["right"].to_numpy()
    of_histories = {}
    for name, (low, high) in _HISTORIES.items():
        mask = history.between(low, high).to_numpy()
        if mask.any():
            of_histories[name] = asdict(judge(right[mask], chance[mask]))
    return {
        "answers": len(shares.answers),
        "fitted_on": int(shares.fitted.sum()),
        "judged_by": len(rows),
        "learners": int(shares.answers["user"].nunique()),
        "learners_judged_by": int(rows["user"].nunique()),
        "items": int(shares.answers["item"].nunique()),
        "skills": int(shares.answers["skill"].nunique()),
        "feature_seconds": round(computed, 1),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "by_history": of_histories,
        "reliability": [asdict(each) for each in reliability(right, chance)],
    }


def show(measured: Mapping[str, Any], console: Console) -> None:
    """Print a table of the models, the best AUC first after the project's own."""
    detail = measured["detail"]
    table = Table(
        title=f"{detail['judged_by']} answers of {detail['learners_judged_by']} learners held out,"
        f" {detail['fitted_on']} to fit on"
    )
    for column in ("model", "AUC", "log-loss", "ECE", "seconds"):
        table.add_column(column, justify="left" if column == "model" else "right")
    for name, title in TITLES.items():
        row = measured[name]
        auc = "-" if row["auc"] is None else f"{row['auc']:.4f}"
        table.add_row(
            title, auc, f"{row['log_loss']:.4f}", f"{row['ece']:.4f}", f"{row['seconds']:.1f}"
        )
    console.print(table)
