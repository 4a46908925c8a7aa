"""dbt run for real on a database of the test's own, in this process: its imports take seconds."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner

from orchestration.defs.dbt.environment import dbt_environment
from orchestration.settings import exported
from tests.conftest import REPOSITORY, make_database

PROJECT_FOLDER = REPOSITORY / "dbt_project"
# Of a build, what makes rows: tests and unit tests are left out.
MODELS = ("--resource-type", "model", "--resource-type", "seed")


@dataclass(frozen=True)
class Ran:
    """A dbt command that has ended: what it printed, and the status of each node it ran."""

    success: bool
    stdout: str
    results: Mapping[str, str]


Dbt = Callable[..., Ran]


@pytest.fixture(scope="session")
def target_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What dbt writes; one folder for all tests of a worker, so that the project is parsed once."""
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture(scope="session")
def dbt(target_folder: Path) -> Dbt:
    """Run a dbt command on the database of a URL; without one, on none."""

    def run(*arguments: str, url: str | None = None, as_of: str | None = None) -> Ran:
        options = {
            "--project-dir": str(PROJECT_FOLDER),
            "--profiles-dir": str(PROJECT_FOLDER),
            "--target-path": str(target_folder / "target"),
            "--log-path": str(target_folder / "logs"),
            # A second run in one process drops the first one's log file without closing it.
            "--log-level-file": "none",
        }
        if as_of is not None:
            options["--vars"] = json.dumps({"as_of": as_of})
        command = [*arguments, *(word for option in options.items() for word in option)]
        with (
            exported(dbt_environment(url) if url else {}),
            redirect_stdout(io.StringIO()) as said,
        ):
            result = dbtRunner().invoke(command)
        nodes = getattr(result.result, "results", [])
        # An exposure is listed with what is built, though there is nothing to do for it.
        statuses = {
            node.node.unique_id: str(node.status)
            for node in nodes
            if node.node.resource_type != "exposure"
        }
        return Ran(result.success, f"{said.getvalue()}{result.exception or ''}", statuses)

    return run


@pytest.fixture(scope="module")
def manifest(dbt: Dbt, target_folder: Path) -> dict[str, Any]:
    """The project as dbt understands it; no database is needed for it."""
    parsed = dbt("parse")
    assert parsed.success, parsed.stdout
    content: dict[str, Any] = json.loads((target_folder / "target" / "manifest.json").read_text())
    return content


@pytest.fixture(scope="session")
def built_on_nothing(
    dbt: Dbt, server_url: str, template_database: str
) -> Iterator[tuple[Ran, str]]:
    """The whole project built with all its tests on an empty log, and the database it is in."""
    with make_database(server_url, template=template_database) as url:
        yield dbt("build", url=url), url
