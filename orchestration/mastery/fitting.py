"""Fitting the model: a logistic regression over the features that dbt computes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

# Strengths tried: the weaker the more is believed of the data (scikit-learn's C).
_STRENGTHS = (0.003, 0.03, 0.3, 3.0)
_ITERATIONS = 500
# Below so many answers a slope of their own tells more of chance than of the model.
_LEAST_TO_CALIBRATE = 2_000
# What stays of a number in SQL; more digits would only be longer.
_DIGITS = 9


@dataclass(frozen=True)
class Fit:
    """A fitted model: the logit of a right answer is `intercept` and the features times these."""

    intercept: float
    coefficients: Mapping[str, float]

    def foretell(self, features: pd.DataFrame) -> np.ndarray:
        """The chances of right answers, by row. Raises KeyError where a feature is missing."""
        weights = np.array([self.coefficients[name] for name in self.coefficients])
        logit = features[[*self.coefficients]].to_numpy() @ weights + self.intercept
        return _chance(logit)


def fit(features: pd.DataFrame, right: np.ndarray, fold: np.ndarray) -> Fit:
    """Fit on all rows. How strongly to hold back is tried on one fold, and there too it is
    looked whether chances come out too bold or too shy (Platt): a line straightens them.

    `features`: a float column each, none missing; `right`: 0 or 1; `fold`: of the learner, so
    that no learner is on both sides. One class only gives a model that always says it.
    """
    held = fold == _choose_fold(fold)
    strength, line = 0.03, (1.0, 0.0)
    if _is_mixed(right[held]) and _is_mixed(right[~held]):
        tried = {
            each: _fit_one(features[~held], right[~held], each).foretell(features[held])
            for each in _STRENGTHS
        }
        strength = min(tried, key=lambda each: log_loss(right[held], tried[each], labels=[0, 1]))
        if held.sum() >= _LEAST_TO_CALIBRATE:
            line = _straighten(tried[strength], right[held])
    whole = _fit_one(features, right, strength)
    slope, shift = line
    return Fit(
        round(whole.intercept * slope + shift, _DIGITS),
        {name: round(weight * slope, _DIGITS) for name, weight in whole.coefficients.items()},
    )


def _fit_one(features: pd.DataFrame, right: np.ndarray, strength: float) -> Fit:
    if not _is_mixed(right):
        share = (right.sum() + 1) / (len(right) + 2)
        return Fit(float(np.log(share / (1 - share))), dict.fromkeys(features.columns, 0.0))
    values = features.to_numpy()
    middle, spread = values.mean(axis=0), values.std(axis=0)
    # A column that never changes tells nothing, and has no spread to divide by.
    told = spread > 1e-9
    scale = np.where(told, spread, 1.0)
    model = LogisticRegression(C=strength, max_iter=_ITERATIONS, tol=1e-5)
    # Products this narrow gain nothing by threads, and on busy cores they wait for each other.
    with threadpool_limits(1):
        model.fit(((values - middle) / scale)[:, told], right)
    weights = np.zeros(values.shape[1])
    weights[told] = model.coef_[0] / scale[told]
    return Fit(
        float(model.intercept_[0] - weights @ middle),
        dict(zip(features.columns, weights.tolist(), strict=True)),
    )


def _straighten(chance: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    logit = np.log(chance / (1 - chance)).reshape(-1, 1)
    line = LogisticRegression(C=1e6).fit(logit, right)
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def _choose_fold(fold: np.ndarray) -> int:
    """The largest: what is learnt on it is the least a matter of chance."""
    return int(np.bincount(fold).argmax())


def _is_mixed(right: np.ndarray) -> bool:
    return bool(0 < right.sum() < len(right))


def _chance(logit: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30.0, 30.0))))
