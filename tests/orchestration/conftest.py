"""What the tests of the orchestration share: settings of their own, and commands run for real."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from orchestration.settings import PREFIX, Settings, read_settings

Study = Callable[..., subprocess.CompletedProcess[str]]

FOR_TESTS = {"STUDY_TEST_DATABASE_URL", "STUDY_REAL_DATA"}


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No setting of whoever runs the tests, but a home of the test's own, which is returned."""
    for name in [name for name in os.environ if name.startswith(PREFIX) and name not in FOR_TESTS]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("STUDY_HOME", str(home))
    return home


@pytest.fixture
def settings(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> Settings:
    """Settings in force in this process and its children: a migrated database, an empty home."""
    monkeypatch.setenv("STUDY_DATABASE_URL", database_url)
    return read_settings()


@pytest.fixture
def study(clean_environment: Path) -> Study:
    """Run the command `study` in a process of its own."""

    def run(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            study_command(*arguments),
            check=False,
            capture_output=True,
            text=True,
            input=text,
            timeout=300,
        )

    return run


def study_command(*arguments: str) -> Sequence[str]:
    return [sys.executable, "-m", "orchestration.cli", *arguments]


def make_event(number: int, **changes: object) -> dict[str, object]:
    """A question's view in this month, one of a kind for each number."""
    # Version 7 with the time of the number's millisecond of 2026-11-02.
    millisecond = 1_793_577_600_000 + number
    event_id = UUID(int=(millisecond << 80) | (7 << 76) | (2 << 62) | number)
    return {
        "event_id": str(event_id),
        "event_type": "question_view",
        "user_id": str(uuid4()),
        "question_id": f"q{number}",
        **changes,
    }
