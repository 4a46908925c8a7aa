"""What a learner knows of a topic: grown by practice, faded by time."""

from math import exp2

_DAY_MILLISECONDS = 86_400_000
_CEILING = 3.0  # logits that practice can add at most
_LONGEST_HALF_LIFE = 60.0  # days
_HALF_LIFE_GROWTH = 0.25  # each practice makes what is known last longer, in proportion


class TopicMemory:
    """The practised part of an ability (logits), exponentially forgotten.

    Practice closes a part of the distance to the ceiling, so that the first hours bring most; it
    also lengthens the half-life, so that what was practised often fades slowly.
    """

    __slots__ = ("_at", "_half_life", "_strength")

    def __init__(self, half_life_days: float, strength: float, at: int) -> None:
        self._half_life = half_life_days
        self._strength = strength
        self._at = at

    def strength_at(self, millisecond: int) -> float:
        """Give the strength at a time (Unix ms); before the last practice it is as of then."""
        elapsed = max(millisecond - self._at, 0) / _DAY_MILLISECONDS
        return self._strength * exp2(-elapsed / self._half_life)

    def practise(self, millisecond: int, share: float) -> None:
        """Close `share` (0..1) of the distance to the ceiling."""
        strength = self.strength_at(millisecond)
        self._strength = strength + share * (_CEILING - strength)
        self._half_life = min(self._half_life * (1 + _HALF_LIFE_GROWTH * share), _LONGEST_HALF_LIFE)
        self._at = max(millisecond, self._at)
