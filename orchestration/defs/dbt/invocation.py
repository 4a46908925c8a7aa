"""How dbt is called for a load: what it is told, where it writes, and what it need not do again."""

import json
import shutil
from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from dagster_dbt import DbtCliResource
from packaging.version import Version

from orchestration.loads import Load

# dbt's log and results of so many runs are kept, to be looked into when one has failed.
KEPT_TARGETS = 20

# As the macro `var_of_run` reads it.
VARIABLES = "STUDY_DBT_VARS"
PARSED = "partial_parse.msgpack"

# Unit tests are left to the test suite: they judge the code, which does not change between two
# nights, and not the data, which does. A test of two tables is not run where only one of them is
# built: the other is older, and they rightly disagree until the next load of all.
BUILD = ("build", "--indirect-selection", "cautious", "--exclude-resource-type", "unit_test")


class InstalledDbt(DbtCliResource):
    """dagster-dbt's resource, which knows the version of dbt without asking `dbt --version`.

    That takes two seconds at each run, and asks a package registry whether there is a newer one:
    on a closed network until it gives up.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))


def run_variables(load: Load, given: Mapping[str, object]) -> Mapping[str, str]:
    """The environment that hands a load over to dbt, and what it is `given` beside.

    Not `--vars`: where they differ from the run before, dbt parses the whole project anew.
    """
    return {VARIABLES: json.dumps({**load.dbt_vars(), **given})}


def make_target(folder: Path, run_id: str) -> Path:
    """Make the folder of what dbt writes in a run, and drop those of long past runs."""
    target = folder / run_id
    target.mkdir(parents=True, exist_ok=True)
    by_age = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for past in by_age[KEPT_TARGETS:]:
        shutil.rmtree(past)
    return target


def make_load_folder(target: Path, load: Load, manifest: Path) -> Path:
    """Make the folder of one load in a run's, with the newest parsed project that runs have left.

    Only of the project as it is: given one of which a file has changed, dbt 1.11 forgets what YAML
    says of singular tests. One of another database, or half written, dbt itself puts aside.
    """
    folder = target / f"load-{load.load_id}"
    folder.mkdir(exist_ok=True)
    made = manifest.stat().st_mtime
    left = [(path.stat().st_mtime, path) for path in target.parent.glob(f"*/*/{PARSED}")]
    current = [each for each in left if each[0] >= made]
    if current and not (folder / PARSED).exists():
        shutil.copy2(max(current)[1], folder / PARSED)
    return folder
