"""A backup from after a month left the log, restored on another server: nothing is lost by it."""

from pathlib import Path

import psycopg
import pytest

from ingestion.landing.restamping import LONG_AGO
from orchestration.backup import make_key
from orchestration.database import open_unmigrated
from orchestration.marts import summarise_marts
from orchestration.settings import Settings, read_settings
from tests.dbt_project.streams import insert
from tests.orchestration.conftest import Study
from tests.orchestration.test_retention import AS_OF, EVENTS

# More transactions than a server that is made anew comes to in this test.
COUNT_ON = """
do $$ begin for number in 1..20000 loop perform pg_current_xact_id(); commit; end loop; end $$
"""


def count_on(url: str) -> None:
    """So that the events are of transactions which another server has yet to come to."""
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(COUNT_ON)


@pytest.mark.custody
def test_month_archived_before_a_backup_comes_back_on_another_server(
    study: Study, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def succeed(*command: str) -> str:
        ran = study(*command)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    assert settings.given_url
    count_on(settings.given_url)
    insert(settings.given_url, EVENTS)
    key = tmp_path / "backup.key"
    monkeypatch.setenv("STUDY_BACKUP_RECIPIENT", make_key(key))
    monkeypatch.setenv("STUDY_ARCHIVE_URL", str(tmp_path / "archive"))
    succeed("materialize", "--as-of", AS_OF)
    succeed("archive", "--as-of", AS_OF)
    before = summarise_marts(settings.given_url)
    file = tmp_path / "b.age"
    succeed("backup", "create", "--out", str(file))

    monkeypatch.delenv("STUDY_DATABASE_URL")
    monkeypatch.setenv("STUDY_HOME", str(tmp_path / "again"))
    monkeypatch.setenv("STUDY_POSTGRES_PORT", "0")
    with open_unmigrated(read_settings()) as url:
        succeed("backup", "restore", str(file), "--identity", str(key))
        assert summarise_marts(url) == before
        # Built whole, for another server counts its own transactions: of the month from what the
        # marts' tables keep of it.
        succeed("materialize", "--as-of", AS_OF)
        assert summarise_marts(url) == before
        assert succeed("restore", "--month", "2024-02") == "2024-02 restored: 2 events\n"
        assert_restamped(url)
        succeed("materialize", "--full-refresh", "--as-of", AS_OF)
        assert summarise_marts(url) == before
        succeed("check", "--oracle", "--as-of", AS_OF)
        succeed("archive", "--restored", "--as-of", AS_OF)
        succeed("materialize", "--as-of", AS_OF)
        assert summarise_marts(url) == before


def assert_restamped(url: str) -> None:
    """The load told of the other server, and the month's events are of long ago."""
    with psycopg.connect(url) as owner:
        stamps = owner.execute(
            "select distinct ingest_xid::text from raw.study_events_2024_02"
        ).fetchall()
        (told,) = owner.execute("select reason from ops.loads order by load_id desc limit 1")
    assert stamps == [(LONG_AGO,)]
    assert str(told[0]).startswith("restored cluster: ")
