"""The demo on a small cohort: everything it does, in less time."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration import demo
from orchestration.demo import prepare_cohort, run_demo
from orchestration.settings import Settings

NOW = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "USERS", 3)
    monkeypatch.setattr(demo, "DAYS", 4)


@pytest.mark.usefixtures("_small")
def test_cohort_is_made_once(tmp_path: Path) -> None:
    cohort = prepare_cohort(tmp_path, now=NOW)
    written = cohort.events.read_bytes()
    assert cohort.end_at == NOW.replace(second=0)
    assert prepare_cohort(tmp_path, now=datetime(2027, 1, 1, tzinfo=UTC)) == cohort
    assert cohort.events.read_bytes() == written


@pytest.mark.usefixtures("_small")
def test_cohort_cut_short_is_made_anew(tmp_path: Path) -> None:
    prepare_cohort(tmp_path, now=NOW)
    (tmp_path / "cohort.json").unlink()
    later = datetime(2026, 4, 1, tzinfo=UTC)
    assert prepare_cohort(tmp_path, now=later).end_at == later


@pytest.mark.usefixtures("_small")
def test_demo_holds(settings: Settings) -> None:
    steps: list[str] = []
    first = run_demo(settings, tell=steps.append, on_batch=lambda _: None)
    assert first.held
    assert first.tally.statuses["accepted"] == first.tally.total > 0
    assert set(first.changes) == set(first.marts)
    assert first.marts["study_sessions"].figures["learners"] == 3
    assert len(steps) == 5


@pytest.mark.slow
@pytest.mark.usefixtures("_small")
def test_second_demo_changes_nothing(settings: Settings) -> None:
    first, second = (run_demo(settings, tell=print, on_batch=lambda _: None) for _ in range(2))
    assert second.held
    assert second.tally.statuses == {"duplicate": first.tally.total}
    assert second.changes == []
    assert second.marts == first.marts
    assert all(found == [] for found in second.differences.values())
