"""How much a fault test does: little in every run, and the whole proof where it is asked for."""

from dataclasses import dataclass

import pytest

BATCH = 100


@dataclass(frozen=True)
class Scale:
    """So many events sent, and so often the fault strikes meanwhile."""

    events: int
    faults: int


def scales(*, small: Scale | None, full: Scale) -> pytest.MarkDecorator:
    """Parametrise a test with `scale`: small by default, full with `-m faults`.

    Without `small` it is left to the full run: what it does takes too long for every one.
    """
    cases = [pytest.param(full, id="full", marks=pytest.mark.faults)]
    if small is not None:
        cases.insert(0, pytest.param(small, id="small"))
    return pytest.mark.parametrize("scale", cases)
