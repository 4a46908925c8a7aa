"""dbt run for real, as a process of its own, on a database of the test's own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.defs.dbt.environment import dbt_environment
from tests.conftest import REPOSITORY

PROJECT_FOLDER = REPOSITORY / "dbt_project"

Dbt = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def target_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What dbt writes; one folder for all tests of a worker, so that the project is parsed once."""
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture(scope="session")
def dbt(target_folder: Path) -> Dbt:
    """Run a dbt command on the database of a URL; without one, with nothing in the environment."""

    def run(
        *arguments: str, url: str | None = None, as_of: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        outside = {k: v for k, v in os.environ.items() if not k.startswith(("STUDY_", "DBT_"))}
        folders = {
            "DBT_TARGET_PATH": str(target_folder / "target"),
            "DBT_LOG_PATH": str(target_folder / "logs"),
        }
        command = [
            str(Path(sys.executable).with_name("dbt")),
            *arguments,
            "--profiles-dir",
            str(PROJECT_FOLDER),
        ]
        if as_of is not None:
            command += ["--vars", json.dumps({"as_of": as_of})]
        return subprocess.run(
            command,
            cwd=PROJECT_FOLDER,
            env={**outside, **folders, **(dbt_environment(url) if url else {})},
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


@pytest.fixture(scope="module")
def manifest(dbt: Dbt, target_folder: Path) -> dict[str, Any]:
    """The project as dbt understands it; no database is needed for it."""
    parsed = dbt("parse")
    assert parsed.returncode == 0, parsed.stdout
    content: dict[str, Any] = json.loads((target_folder / "target" / "manifest.json").read_text())
    return content


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes minutes, unless it is asked for: `-m slow`."""
    if "slow" in config.getoption("markexpr"):
        return
    left_out = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
