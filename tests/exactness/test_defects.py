"""The proof of the proof: each of these defects, planted in a copy of the project, is caught."""

from pathlib import Path

import pytest

from tests.exactness.batches import Trial, draw_batch
from tests.exactness.conftest import TrialOf
from tests.exactness.defects import DEFECTS
from tests.exactness.planting import Defect
from tests.exactness.warehouse import LoadDied, copy_project, database_name, parse

# A seed's clock: Kolkata's, and that of UTC, where no timezone has to be named for a midnight.
SEEDS = (31, 32)
CASES_OF_A_BATCH = 80
WAVES = 10


@pytest.mark.exactness
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_planted_defect_is_caught(defect: Defect, trial_of: TrialOf, tmp_path: Path) -> None:
    folder = copy_project(tmp_path / "dbt_project")
    defect.plant(folder)
    trial = trial_of(parse(folder, database_name()))
    assert any(is_caught(trial, seed) for seed in SEEDS)


@pytest.mark.exactness
@pytest.mark.parametrize("seed", SEEDS)
def test_project_without_a_defect_passes_the_same(
    trial_of: TrialOf, tmp_path: Path, seed: int
) -> None:
    folder = copy_project(tmp_path / "dbt_project")
    assert not is_caught(trial_of(parse(folder, database_name())), seed)


def is_caught(trial: Trial, seed: int) -> bool:
    """Whether a batch differs anywhere, or cannot even be loaded."""
    batch = draw_batch(seed, size=CASES_OF_A_BATCH, waves=WAVES)
    try:
        return bool(trial(batch.cases, batch.schedule).differences)
    except LoadDied:
        return True
