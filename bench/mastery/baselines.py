"""What the literature sets against a model of learning: each foretells the same answers.

Each takes the answers shared out (sorted by learner and time) and gives a chance for every row; it
learns from the rows to fit on, and in the rows that judge only from what the learner did before.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from bench.mastery.knowledge_tracing import foretell_by_tracing
from bench.mastery.learners import Shares

_ITERATIONS = 300
# Elo: how far one answer moves a rating, at first and after many.
_STEP, _SLOWING = 0.8, 0.1


def foretell_by_item(shares: Shares) -> np.ndarray:
    """How easy the question was to others, drawn towards its skill, and that towards all."""
    rows, fitted = shares.answers, shares.fitted
    skill = rows["skill"].fillna("")
    overall = _draw(rows["right"][fitted].sum(), fitted.sum(), 0.5, 2)
    skills = _share(rows["right"], skill, fitted, pd.Series(overall, index=rows.index), 20)
    return np.asarray(_share(rows["right"], rows["item"], fitted, skills, 5))


def foretell_by_running_share(shares: Shares) -> np.ndarray:
    """The share the learner had right in the skill so far, a coin toss counted in."""
    right, count = _count_before(shares.answers, ["learner", "skill"])
    return np.asarray((right + 1) / (count + 2))


def foretell_by_factors(shares: Shares) -> np.ndarray:
    """PFA: of each skill how easy it is, and what each right and each wrong answer adds."""
    rows = shares.answers
    right, count = _count_before(rows, ["learner", "skill"])
    skills = _one_hot(rows["skill"].fillna(""))
    columns = [skills, skills.multiply(_log(right)), skills.multiply(_log(count - right))]
    return _regress(hstack(columns).tocsr(), shares)


def foretell_by_best_lr(shares: Shares) -> np.ndarray:
    """Best-LR: question and skill, and counts of the learner, at the skill and at the question."""
    rows = shares.answers
    columns = [_one_hot(rows["item"]), _one_hot(rows["skill"].fillna(""))]
    for keys in (["learner"], ["learner", "skill"], ["learner", "item"]):
        right, count = _count_before(rows, keys)
        columns += [csr_matrix(_log(right)), csr_matrix(_log(count - right))]
    return _regress(hstack(columns).tocsr(), shares)


def foretell_by_elo(shares: Shares) -> np.ndarray:
    """Elo: learner, learner in skill and question are rated, and each answer moves all three.

    Learners to fit on play first, so that questions are rated when the others meet them.
    """
    rows = shares.answers
    place = np.lexsort((np.arange(len(rows)), rows["fold"].to_numpy() < 0))
    learners, items = rows["learner"].to_numpy(), pd.factorize(rows["item"])[0]
    skills = pd.factorize(rows["skill"].fillna(""))[0]
    right, fitted = rows["right"].to_numpy(), shares.fitted
    ratings = [defaultdict[object, float](float) for _ in range(3)]
    games = [defaultdict[object, int](int) for _ in range(3)]
    chances = np.empty(len(rows))
    for row in place:
        keys = (learners[row], (learners[row], skills[row]), items[row])
        signs = (1.0, 1.0, -1.0)
        logit = sum(
            sign * ratings[who][key]
            for who, (key, sign) in enumerate(zip(keys, signs, strict=True))
        )
        chances[row] = 1 / (1 + np.exp(-logit))
        surprise = right[row] - chances[row]
        for who, (key, sign) in enumerate(zip(keys, signs, strict=True)):
            # A question keeps the rating that those to fit on have given it.
            if who == 2 and not fitted[row]:
                continue
            step = _STEP / (1 + _SLOWING * games[who][key])
            ratings[who][key] += sign * step * surprise
            games[who][key] += 1
    return chances


BASELINES: Mapping[str, Callable[[Shares], np.ndarray]] = {
    "item_difficulty": foretell_by_item,
    "running_correct": foretell_by_running_share,
    "pfa": foretell_by_factors,
    "elo": foretell_by_elo,
    "best_lr": foretell_by_best_lr,
    "bkt": foretell_by_tracing,
}


def _count_before(rows: pd.DataFrame, keys: list[str]) -> tuple[np.ndarray, np.ndarray]:
    groups = rows.groupby(keys, dropna=False)["right"]
    right = (groups.cumsum() - rows["right"]).to_numpy(dtype="float64")
    return right, groups.cumcount().to_numpy(dtype="float64")


def _share(
    right: pd.Series, name: pd.Series, fitted: np.ndarray, prior: pd.Series, weight: float
) -> pd.Series:
    """Of each name the share that was right, drawn towards the prior of the row."""
    counted = right[fitted].groupby(name[fitted]).agg(["sum", "count"])
    sums = name.map(counted["sum"]).fillna(0)
    counts = name.map(counted["count"]).fillna(0)
    return (sums + weight * prior) / (counts + weight)


def _draw(right: float, count: float, prior: float, weight: float) -> float:
    return (right + weight * prior) / (count + weight)


def _one_hot(names: pd.Series) -> csr_matrix:
    codes, known = pd.factorize(names)
    ones = np.ones(len(codes))
    return csr_matrix((ones, (np.arange(len(codes)), codes)), shape=(len(codes), len(known)))


def _log(counts: np.ndarray) -> np.ndarray:
    return np.asarray(np.log1p(counts)).reshape(-1, 1)


def _regress(values: csr_matrix, shares: Shares) -> np.ndarray:
    right, fitted = shares.answers["right"].to_numpy(), shares.fitted
    if len(np.unique(right[fitted])) < 2:
        return np.full(len(right), _draw(right[fitted].sum(), fitted.sum(), 0.5, 2))
    model = LogisticRegression(C=1.0, max_iter=_ITERATIONS, solver="liblinear")
    chances = model.fit(values[fitted], right[fitted]).predict_proba(values)[:, 1]
    return np.asarray(chances)
