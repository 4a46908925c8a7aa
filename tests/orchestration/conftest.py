"""What the tests of the orchestration share: settings of their own, and commands run for real."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import dagster as dg
import pytest

from ingestion.events.identity import random_uuid7
from orchestration.instance import prepare_dagster
from orchestration.records import make_records, records_url
from orchestration.settings import PREFIX, Settings, exported, read_settings

Study = Callable[..., subprocess.CompletedProcess[str]]

FOR_TESTS = {"STUDY_TEST_DATABASE_URL", "STUDY_POSTGRES_BIN", "STUDY_REAL_DATA"}


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No setting of whoever runs the tests, but a home of the test's own, which is returned."""
    return clear_settings(monkeypatch, tmp_path / "home")


def clear_settings(monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """Forget every setting but the home, which is returned."""
    for name in [name for name in os.environ if name.startswith(PREFIX) and name not in FOR_TESTS]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STUDY_HOME", str(home))
    return home


@pytest.fixture
def settings(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> Settings:
    """Settings in force in this process and its children: a migrated database, an empty home."""
    monkeypatch.setenv("STUDY_DATABASE_URL", database_url)
    return read_settings()


@pytest.fixture(scope="session")
def template_database(template_database: str, server_url: str) -> str:
    """The root's, with Dagster's tables: to make them takes a second each time."""
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{template_database}"))
    make_records(records_url(url))
    return template_database


@pytest.fixture
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The real instance, as the settings have it: records in PostgreSQL, our launcher."""
    assert settings.given_url
    variables = prepare_dagster(settings, settings.given_url)
    with exported(variables), dg.DagsterInstance.get() as opened:
        yield opened


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


def make_events(count: int, *, user_id: str | None = None) -> list[dict[str, object]]:
    """Attempts of one learner in one session, a minute apart until an hour ago, ids of their own.

    The clock is read because the landing code reads it too: events of a fixed day would one day
    be of a month that is no longer open.
    """
    learner, session = user_id or str(uuid4()), str(uuid4())
    last = datetime.now(UTC) - timedelta(hours=1)
    moments = [last - timedelta(minutes=count - 1 - number) for number in range(count)]
    return [
        {
            "event_id": str(random_uuid7(moment)),
            "event_type": "question_submit",
            "user_id": learner,
            "session_id": session,
            "question_id": f"q{number}",
            "topic_id": "cardiology",
            "occurred_at": moment.isoformat(),
            "properties": {"is_correct": number % 2 == 0},
        }
        for number, moment in enumerate(moments)
    ]
