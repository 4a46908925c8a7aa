"""What the papers claim is shown by a test that exists."""

import re

from tests.architecture.sources import ROOT

NAMED = re.compile(r"`(test_[a-z0-9_]+)`")
DEFINED = re.compile(r"^(?:async )?def (test_[a-z0-9_]+)\(", re.MULTILINE)


def test_every_safeguard_is_shown_by_a_test_that_exists() -> None:
    papers = (ROOT / "docs" / "privacy.md").read_text()
    _, _, safeguards = papers.partition("## Safeguards")
    table, _, _ = safeguards.partition("\n## ")
    named = set(NAMED.findall(table))
    tests = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    defined = {name for text in tests for name in DEFINED.findall(text)}
    assert len(named) > 15
    assert named - defined == set()
    rows = [line for line in table.splitlines() if line.startswith("| ") and "164." in line]
    assert len(rows) > 10
    assert [row for row in rows if not NAMED.search(row) and "not ours to test" not in row] == []
