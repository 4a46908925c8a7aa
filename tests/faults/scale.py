"""How much a fault test does: little in every run, and the whole proof where it is asked for."""

from dataclasses import dataclass

import pytest

BATCH = 100


@dataclass(frozen=True)
class Scale:
    """So many events sent, and so often the fault strikes meanwhile."""

    events: int
    faults: int


def scales(*, small: Scale, full: Scale) -> pytest.MarkDecorator:
    """Parametrise a test with `scale`: small by default, full with `-m faults`."""
    return pytest.mark.parametrize(
        "scale",
        [
            pytest.param(small, id="small"),
            pytest.param(full, id="full", marks=pytest.mark.faults),
        ],
    )
