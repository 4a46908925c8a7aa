"""The dbt project and its manifest, which Dagster reads the models from.

Dagster's own `prepare_if_dev` acts under `dagster dev` only. Here the manifest is made whenever
it is missing or older than a file it was made from, so that a fresh clone loads, and an edited
model never runs as it was.
"""

import subprocess
import sys
from pathlib import Path

from dagster_dbt import DbtProject

from ingestion.store.locks import hold_exclusive
from orchestration.settings import child_environment

PROJECT_FOLDER = Path(__file__).parents[3] / "dbt_project"
_WRITTEN = {"target", "logs", "__pycache__"}


def dbt_executable() -> str:
    """The dbt beside this Python: the one on the PATH may be another's, or none."""
    return str(Path(sys.executable).with_name("dbt"))


def dbt_project() -> DbtProject:
    """The dbt project with a current manifest. Takes no database, but seconds when dbt parses.

    Raises RuntimeError with dbt's own words where the project does not parse.
    """
    project = DbtProject(project_dir=PROJECT_FOLDER, profiles_dir=PROJECT_FOLDER)
    if not is_current(project.manifest_path):
        project.manifest_path.parent.mkdir(parents=True, exist_ok=True)
        # The webserver, the daemon and the tests load at once: one parses, the others wait.
        with hold_exclusive(project.manifest_path.with_suffix(".lock")):
            if not is_current(project.manifest_path):
                _parse()
    return project


def is_current(manifest: Path, folder: Path = PROJECT_FOLDER) -> bool:
    """Whether a manifest exists and is newer than every file of the project."""
    if not manifest.exists():
        return False
    made = manifest.stat().st_mtime
    return all(path.stat().st_mtime <= made for path in _sources(folder))


def _sources(folder: Path) -> list[Path]:
    # Folders too: a deleted model shows only in its folder's time.
    return [
        path
        for path in folder.rglob("*")
        if not _WRITTEN.intersection(path.relative_to(folder).parts)
        and not path.name.startswith(".")
    ]


def _parse() -> None:
    arguments = ["--quiet", "parse", "--profiles-dir", str(PROJECT_FOLDER)]
    answer = subprocess.run(
        # Whole: parsing only what changed, dbt 1.11 forgets what a YAML file says of singular
        # tests, and their checks would be gone from the graph.
        [dbt_executable(), *arguments, "--no-partial-parse"],
        cwd=PROJECT_FOLDER,
        env=child_environment(DBT_SEND_ANONYMOUS_USAGE_STATS="false"),
        check=False,
        capture_output=True,
        text=True,
    )
    if answer.returncode != 0:
        raise RuntimeError(f"dbt cannot parse {PROJECT_FOLDER}:\n{answer.stdout}{answer.stderr}")
