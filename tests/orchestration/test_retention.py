"""The commands `study archive` and `study restore`, and the job that does the same at night."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from ingestion.store.partitions import make_months
from orchestration.automation import clock_config
from orchestration.definitions import defs
from orchestration.retention import open_archive
from orchestration.settings import Settings, read_settings
from tests.dbt_project.streams import happen, insert
from tests.orchestration.conftest import Study

AS_OF = "2026-03-15T00:30:00+00:00"
EVENTS = [
    happen("session_start", "2024-02-29 23:50", "ada", "s1", timezone="UTC"),
    happen("question_submit", "2024-02-29 23:55", "ada", "s1", question_id="q1", is_correct=True),
    happen("question_submit", "2024-03-01 00:10", "ada", "s1", question_id="q1", is_correct=False),
]


@pytest.mark.custody
def test_month_that_is_not_loaded_stays_and_fails_the_command(
    study: Study, settings: Settings
) -> None:
    insert(settings.given_url or "", EVENTS)
    ran = study("archive", "--as-of", AS_OF)
    assert ran.returncode == 1
    assert "2024-02 stays: " in ran.stdout
    assert "run `study materialize`" in ran.stdout
    assert "STUDY_COLD_TABLESPACE is not set" in ran.stdout
    assert ran.stderr.strip() == "1 months that are due stay: see above."


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["--month", "2024-02"], 1, "2024-02 is not in the archive"),
        (["--month", "2024-13"], 2, "does not match"),
        (["--month", "2024-02", "--to", "2024-01"], 2, "lies before"),
    ],
)
def test_restore_of_nothing_is_an_error_of_one_line(
    study: Study, settings: Settings, arguments: list[str], code: int, why: str
) -> None:
    ran = study("restore", *arguments)
    assert ran.returncode == code
    assert why in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


def test_job_tells_when_no_month_is_made_ahead(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_of = datetime(2026, 3, 15, tzinfo=UTC)
    job = defs().resolve_job_def("retention_job")
    with dg.DagsterInstance.ephemeral() as instance:
        ran = job.execute_in_process(run_config=clock_config(as_of), instance=instance)
    found = {each.check_name: each for each in ran.get_asset_check_evaluations()}
    assert found["months_are_made_ahead"].passed
    with psycopg.connect(settings.given_url or "") as owner:
        make_months(owner, as_of.date(), as_of.date())
        owner.execute(
            "do $$ declare name text; begin for name in select inhrelid::regclass::text from"
            " pg_inherits where inhparent = 'raw.study_events'::regclass"
            " and inhrelid::regclass::text > 'raw.study_events_2026_03' loop"
            " execute 'drop table ' || name; end loop; end $$"
        )
    monkeypatch.setattr("orchestration.retention.make_coming_months", lambda *_: [])
    with dg.DagsterInstance.ephemeral() as instance:
        ran = job.execute_in_process(run_config=clock_config(as_of), instance=instance)
    found = {each.check_name: each for each in ran.get_asset_check_evaluations()}
    assert not found["months_are_made_ahead"].passed


def test_archive_is_a_folder_of_the_home_unless_set(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert open_archive(read_settings()).url == str(clean_environment / "archive")
    monkeypatch.setenv("STUDY_ARCHIVE_KEYS", "k1:" + "A" * 43 + "=")
    monkeypatch.setenv("STUDY_ARCHIVE_URL", str(clean_environment / "other"))
    target = open_archive(read_settings())
    assert (target.url, target.key_name) == (str(clean_environment / "other"), "k1")


@pytest.mark.custody
def test_full_refresh_without_history_names_the_months_and_what_to_run(
    study: Study, settings: Settings
) -> None:
    insert(settings.given_url or "", EVENTS)
    assert study("materialize", "--as-of", AS_OF).returncode == 0
    assert study("archive", "--as-of", AS_OF).returncode == 0
    again = study("materialize", "--as-of", AS_OF)
    assert again.returncode == 0, again.stdout
    refused = study("materialize", "--full-refresh", "--as-of", AS_OF)
    assert refused.returncode == 1
    assert "the events of 2024-02 are only in the archive" in refused.stderr
    assert "`study restore --month 2024-02`" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert study("check").returncode == 0
    assert study("check", "--oracle").returncode == 1
    restored = study("restore", "--month", "2024-02")
    assert (restored.returncode, restored.stdout) == (0, "2024-02 restored: 2 events\n")
    whole = study("materialize", "--full-refresh", "--as-of", AS_OF)
    assert whole.returncode == 0, whole.stdout
    assert study("check", "--oracle").returncode == 0
