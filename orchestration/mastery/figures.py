"""How well chances foretell answers."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import log_loss, roc_auc_score

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Answers of about one foretold chance: its mean, the share that was right, and how many."""

    chance: float
    right: float
    answers: int


@dataclass(frozen=True)
class Figures:
    """What chances are worth.

    `auc`: chance that a right answer was given a higher chance than a wrong one; null where all are
    right or all wrong. `log_loss` in nats, lower is better. `ece`: by how much chances are off on
    average, in `BINS` bins of equal width.
    """

    auc: float | None
    log_loss: float
    ece: float
    answers: int


def judge(right: np.ndarray, chance: np.ndarray) -> Figures:
    """Hold chances (0..1) against what came (0 or 1). Raises ValueError where there are none."""
    if len(right) == 0:
        raise ValueError("there are no answers to judge by")
    both = 0 < right.sum() < len(right)
    gaps = [abs(each.chance - each.right) * each.answers for each in reliability(right, chance)]
    return Figures(
        auc=float(roc_auc_score(right, chance)) if both else None,
        log_loss=float(log_loss(right, np.clip(chance, 1e-15, 1 - 1e-15), labels=[0, 1])),
        ece=float(sum(gaps) / len(right)),
        answers=len(right),
    )


def reliability(right: np.ndarray, chance: np.ndarray) -> list[Bin]:
    """What was foretold and what came, bin by bin; empty bins are left out."""
    places = np.minimum((chance * BINS).astype(int), BINS - 1)
    return [
        Bin(float(chance[mask].mean()), float(right[mask].mean()), int(mask.sum()))
        for mask in (places == number for number in range(BINS))
        if mask.any()
    ]
