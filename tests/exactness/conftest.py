"""A warm dbt for each worker, and an empty warehouse for each run."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.exactness.batches import Trial
from tests.exactness.cases import Case
from tests.exactness.schedule import Schedule
from tests.exactness.trial import Outcome, run_trial
from tests.exactness.warehouse import (
    Project,
    Warehouse,
    copy_project,
    database_name,
    fresh_warehouse,
    parse,
)

COUNTS = "what was done"
"""The property under which a test records what it did, to be told at the end of the run."""

TrialOf = Callable[[Project], Trial]
Fresh = Callable[[], AbstractContextManager[Warehouse]]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project as it is, parsed once for all tests of a worker."""
    return parse(
        copy_project(tmp_path_factory.mktemp("exactness") / "dbt_project"), database_name()
    )


@pytest.fixture(scope="session")
def trial_of(server_url: str, template_database: str) -> TrialOf:
    """How to run trials of a project, each on an empty warehouse."""

    def of(project: Project) -> Trial:
        def trial(cases: Sequence[Case], schedule: Schedule) -> Outcome:
            with fresh_warehouse(server_url, template_database, project) as warehouse:
                return run_trial(warehouse, cases, schedule)

        return trial

    return of


@pytest.fixture
def fresh(server_url: str, template_database: str, project: Project) -> Fresh:
    """An empty warehouse for the length of a block."""
    return lambda: fresh_warehouse(server_url, template_database, project)


@pytest.fixture(scope="session")
def target_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where copies of the project are made."""
    return tmp_path_factory.mktemp("copies")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell of each proof how much it took: one that takes nothing proves nothing."""
    for report in terminalreporter.getreports("passed"):
        for name, counts in report.user_properties:
            if name == COUNTS:
                terminalreporter.section(report.nodeid)
                for kind, count in counts.items():
                    terminalreporter.line(f"{count:9}  {kind}")
