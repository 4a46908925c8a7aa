"""Who a model is fitted on and who it is judged by."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd

FOLDS = 5
HELD_OUT = -1


@dataclass(frozen=True)
class Shares:
    """A data set split: `answers` with `learner` (0, 1, ...), `fold` and `is_judged` by row.

    `fold` is that of the learner, -1 where held out. Models are fitted on rows of the other folds
    and judged by the rows that `is_judged`.
    """

    answers: pd.DataFrame

    @property
    def fitted(self) -> np.ndarray:
        """Which rows models are fitted on."""
        return (self.answers["fold"] != HELD_OUT).to_numpy()

    @property
    def judged(self) -> np.ndarray:
        """Which rows models are judged by."""
        return self.answers["is_judged"].to_numpy()


def share_out(answers: pd.DataFrame) -> Shares:
    """Split by the column `split` where it says something, else hold out a fifth of the learners.

    A learner with rows of both kinds is taken twice: once with the rows to fit on, and once whole,
    to be judged by the others; so no answer that is to be foretold has a say in anything fitted.
    Raises ValueError where there is nothing to fit on or nothing to judge by.
    """
    if answers["split"].isna().all():
        held = choose_held_out(answers["user"].unique())
        is_test = answers["user"].isin(held)
    else:
        is_test = answers["split"] == "test"
    if is_test.all() or not is_test.any():
        raise ValueError(
            "the split leaves nothing to fit on or nothing to judge by: there have to be two"
            " learners, or rows of train and of test in a column split"
        )
    judged = answers[answers["user"].isin(answers.loc[is_test, "user"].unique())]
    judged = judged.assign(is_judged=is_test[judged.index], name="judged " + judged["user"])
    fitted = answers[~is_test]
    fitted = fitted.assign(is_judged=False, name="fitted " + fitted["user"])
    fold = {name: place_in_fold(name) for name in fitted["name"].unique()}
    shared = pd.concat(
        [fitted.assign(fold=fitted["name"].map(fold)), judged.assign(fold=HELD_OUT)]
    ).reset_index(drop=True)
    shared["learner"] = pd.factorize(shared["name"])[0]
    return Shares(shared.drop(columns=["name", "split"]))


def choose_held_out(users: Iterable[str]) -> set[str]:
    """Choose a fifth of the learners, at least one, by what their names hash to."""
    ordered = sorted(users, key=lambda name: sha256(f"held out {name}".encode()).digest())
    return set(ordered[: max(1, round(len(ordered) / 5))]) if len(ordered) > 1 else set()


def place_in_fold(name: str) -> int:
    """The fold of a learner, by what the name hashes to."""
    return int.from_bytes(sha256(f"fold {name}".encode()).digest()[:4], "big") % FOLDS
