"""docs/readers.md names every fate a row may have, and the counts of the real learners."""

from pathlib import Path

from ingestion.readers import ednet_actions
from ingestion.readers.accounting import Accounting
from ingestion.readers.ednet import read_ednet

TEXT = (Path(__file__).parents[3] / "docs" / "readers.md").read_text(encoding="utf-8")


def test_documentation_names_every_reason() -> None:
    reasons = {
        value
        for name, value in vars(ednet_actions).items()
        if name.isupper() and isinstance(value, str)
    }
    reasons |= set(ednet_actions.NO_COUNTERPART.values())
    assert len(reasons) > 10
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
