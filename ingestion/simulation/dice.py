"""Seeded chance: the same entropy gives the same draws, on every run."""

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from math import exp
from statistics import NormalDist
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")

_BLOCK = 256
_NORMAL = NormalDist()


class Dice:
    """Draws for one purpose.

    Only numpy's uniform doubles are used, whose sequence numpy keeps stable; all else is made from
    them here. They come in blocks, for a single draw from numpy costs as much as a whole event.
    """

    def __init__(self, *entropy: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))
        self._draws: list[float] = []

    def uniform(self) -> float:
        """Draw from [0, 1)."""
        if not self._draws:
            self._draws = self._generator.random(_BLOCK).tolist()
        return self._draws.pop()

    def chance(self, probability: float) -> bool:
        """Decide with a probability."""
        return self.uniform() < probability

    def between(self, low: float, high: float) -> float:
        """Draw evenly from [low, high)."""
        return low + (high - low) * self.uniform()

    def whole(self, low: int, high: int) -> int:
        """Draw a whole number from low to high, both included."""
        return low + int((high - low + 1) * self.uniform())

    def pick(self, options: Sequence[T]) -> T:
        """Draw one of the options, all alike."""
        return options[int(len(options) * self.uniform())]

    def normal(self, mean: float, deviation: float) -> float:
        """Draw from a normal distribution."""
        return mean + deviation * _NORMAL.inv_cdf(max(self.uniform(), 1e-12))

    def skewed(self, median: float, spread: float) -> float:
        """Draw from a log-normal distribution: times, lengths."""
        return median * exp(self.normal(0.0, spread))


class Weighted(Generic[T]):
    """Options of unequal weight."""

    def __init__(self, weights: dict[T, float]) -> None:
        self._options = list(weights)
        self._bounds = list(accumulate(weights.values()))

    def draw(self, dice: Dice) -> T:
        """Draw one option, by weight."""
        return self._options[bisect(self._bounds, dice.uniform() * self._bounds[-1])]
