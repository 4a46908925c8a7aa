"""The rig that all fault tests of a worker share, and the table of what they counted."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.rig import Rig, open_rig

COUNTS = "ledger"
"""The property under which a test records its counts."""

Record = Callable[[Counter[str]], None]


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory, bin_dir: Path | None) -> Iterator[Rig]:
    """A database and a service, running; whoever breaks them mends them."""
    with open_rig(tmp_path_factory.mktemp("faults"), bin_dir) as rig:
        yield rig


@pytest.fixture
def record(record_property: Callable[[str, object], None]) -> Record:
    """Keep a trial's counts for the table at the end of the run."""
    return lambda counts: record_property(COUNTS, dict(counts))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what each trial counted, and the sum."""
    told = [
        (report.nodeid.partition("::")[2], counts)
        for report in terminalreporter.getreports("passed")
        for name, counts in report.user_properties
        if name == COUNTS
    ]
    if not told:
        return
    total: Counter[str] = sum((Counter(counts) for _, counts in told), Counter())
    headings = list(dict.fromkeys(heading for _, counts in told for heading in counts))
    terminalreporter.section("faults")
    for name, counts in [("", {name: name for name in headings}), *told, ("in all", total)]:
        cells = "".join(f"{counts.get(heading, 0)!s:>14}" for heading in headings)
        terminalreporter.line(f"{name[:52]:52}{cells}")
