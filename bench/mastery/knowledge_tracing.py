"""Bayesian knowledge tracing: of each skill known or not, learnt with a chance at each answer.

Expectation-maximisation over all skills at once: sequences (a learner in a skill) are rows, and a
step of time is one operation over those that are that long.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.mastery.learners import Shares

_ROUNDS = 30
# In a share that is learnt, so much is believed beforehand: a skill met twice is not a certainty.
_BELIEF = 2.0
_START = {"known": 0.4, "learn": 0.15, "guess": 0.25, "slip": 0.15}
# Beyond these a skill is better told by its opposite: who knows it would answer worse.
_MOST = {"known": 0.99, "learn": 0.99, "guess": 0.45, "slip": 0.45}


@dataclass
class _Sequences:
    """Longest first. `right` has a column for each step, `rows` the row of the answers it was."""

    skill: np.ndarray
    right: np.ndarray
    rows: np.ndarray
    active: list[int]


def foretell_by_tracing(shares: Shares) -> np.ndarray:
    """The chance of a right answer at every row, by BKT with parameters for each skill."""
    answers = shares.answers
    skills, names = pd.factorize(answers["skill"].fillna(""))
    of_each = {name: np.full(len(names), value) for name, value in _START.items()}
    fitted = _arrange(answers, skills, shares.fitted)
    for _ in range(_ROUNDS):
        of_each = _improve(fitted, of_each, len(names))
    whole = _arrange(answers, skills, np.ones(len(answers), dtype=bool))
    chances = np.empty(len(answers))
    for step, (before, _) in enumerate(_filter(whole, of_each)):
        guess, slip = (of_each[name][whole.skill[: len(before)]] for name in ("guess", "slip"))
        chances[whole.rows[: len(before), step]] = before * (1 - slip) + (1 - before) * guess
    return chances


def _arrange(answers: pd.DataFrame, skills: np.ndarray, mask: np.ndarray) -> _Sequences:
    rows = np.flatnonzero(mask)
    keys = pd.factorize(answers["learner"].to_numpy()[mask] * (skills.max() + 1) + skills[mask])[0]
    lengths = np.bincount(keys)
    longest = np.argsort(-lengths, kind="stable")
    rank = np.empty(len(longest), dtype=int)
    rank[longest] = np.arange(len(longest))
    step = pd.Series(keys).groupby(keys).cumcount().to_numpy()
    shape = (len(lengths), int(lengths.max()))
    right = np.zeros(shape, dtype=np.int8)
    placed = np.zeros(shape, dtype=np.int32)
    right[rank[keys], step] = answers["right"].to_numpy()[mask]
    placed[rank[keys], step] = rows
    skill = np.zeros(len(lengths), dtype=int)
    skill[rank[keys]] = skills[mask]
    active = [int((lengths > each).sum()) for each in range(shape[1])]
    return _Sequences(skill, right, placed, active)


def _filter(
    sequences: _Sequences, of_each: dict[str, np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each step the chance that the skill was known before its answer, and after it."""
    known = of_each["known"][sequences.skill]
    learn, guess, slip = (of_each[n][sequences.skill] for n in ("learn", "guess", "slip"))
    steps = []
    for step, count in enumerate(sequences.active):
        before = known[:count]
        right = sequences.right[:count, step] == 1
        if_known = np.where(right, 1 - slip[:count], slip[:count])
        if_not = np.where(right, guess[:count], 1 - guess[:count])
        after = before * if_known / (before * if_known + (1 - before) * if_not)
        steps.append((before, after))
        known = after + (1 - after) * learn[:count]
    return steps


def _improve(
    sequences: _Sequences, of_each: dict[str, np.ndarray], skills: int
) -> dict[str, np.ndarray]:
    """One round: what was known is told backwards from the end, and shares of it counted."""
    sums = {name: np.zeros(skills) for name in of_each}
    counts = {name: np.zeros(skills) for name in of_each}

    def note(name: str, skill: np.ndarray, amount: np.ndarray, out_of: np.ndarray) -> None:
        sums[name] += np.bincount(skill, amount, skills)
        counts[name] += np.bincount(skill, out_of, skills)

    steps = _filter(sequences, of_each)
    later = np.zeros(0)
    for step in range(len(steps) - 1, -1, -1):
        after = steps[step][1]
        skill = sequences.skill[: len(after)]
        known = after.copy()
        if len(later):
            some = after[: len(later)]
            coming = some + (1 - some) * of_each["learn"][skill[: len(later)]]
            # Known now, if known later: what is learnt is not forgotten.
            known[: len(later)] = later * some / coming
            unknown = 1 - known[: len(later)]
            note("learn", skill[: len(later)], later - known[: len(later)], unknown)
        right = sequences.right[: len(after), step]
        note("slip", skill, known * (1 - right), known)
        note("guess", skill, (1 - known) * right, 1 - known)
        later = known
    note("known", sequences.skill, later, np.ones(len(later)))
    return {
        name: np.clip(
            (sums[name] + _BELIEF * _START[name]) / (counts[name] + _BELIEF), 0.01, _MOST[name]
        )
        for name in of_each
    }
