"""docs/readers.md names every fate a row may have, and the counts of the real learners."""

from pathlib import Path
from types import ModuleType

import pytest

from ingestion.readers import ednet_actions, xapi_facts, xapi_statements
from ingestion.readers.accounting import Accounting
from ingestion.readers.ednet import read_ednet
from ingestion.readers.xapi import read_xapi

TEXT = (Path(__file__).parents[3] / "docs" / "readers.md").read_text(encoding="utf-8")
IN_ONE_LINE = " ".join(TEXT.split())


@pytest.mark.parametrize(
    ("module", "least"), [(ednet_actions, 10), (xapi_facts, 6), (xapi_statements, 6)]
)
def test_documentation_names_every_reason(module: ModuleType, least: int) -> None:
    reasons = {
        value
        for name, value in vars(module).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str)
    }
    assert len(reasons) >= least
    assert not {reason for reason in reasons if reason not in IN_ONE_LINE}


def test_documentation_names_every_action_without_counterpart() -> None:
    reasons = set(ednet_actions.NO_COUNTERPART.values())
    assert not {reason for reason in reasons if reason not in TEXT}


def test_documentation_tells_what_became_of_the_real_learners(real_data: Path) -> None:
    accounting = Accounting()
    events = sum(1 for _ in read_ednet(real_data / "ednet", accounting))
    rows = {
        f"| {line.action} | {line.item} | {'' if line.landed else 'dropped: '}{line.what} | "
        f"{line.count:,} |"
        for line in accounting.lines()
    }
    assert not {row for row in rows if row not in TEXT}
    total = f"{accounting.rows_read:,} actions, {accounting.sessions} sessions, {events:,} events"
    assert total in TEXT


def test_documentation_tells_what_became_of_the_real_statements(real_data: Path) -> None:
    accounting = Accounting()
    events = sum(1 for _ in read_xapi(real_data / "xapi" / "statements.json.gz", accounting))
    rows = {
        f"| {line.action} | {line.item} | {'' if line.landed else 'dropped: '}{line.what} | "
        f"{line.count:,} |"
        for line in accounting.lines()
    }
    assert not {row for row in rows if row not in TEXT}
    total = f"{accounting.rows_read:,} statements, {accounting.sessions:,} sessions, {events:,}"
    assert total in TEXT
