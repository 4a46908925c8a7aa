"""The audit as commands and as an asset."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import dagster as dg
import psycopg
import pytest

from ingestion.audit.volume import find_unusual
from ingestion.store.database import Role
from orchestration.auditing import anchors_file
from orchestration.automation import clock_config
from orchestration.definitions import defs
from orchestration.pseudonyms import keys_file, open_pseudonyms
from orchestration.settings import Settings, read_settings
from tests.ingestion.audit.conftest import making_login, read_chain
from tests.orchestration.conftest import Study

AS_OF = datetime(2026, 3, 29, 12, tzinfo=UTC)


def run_job() -> dict[str, bool]:
    """Run the job; its checks by name."""
    with dg.DagsterInstance.ephemeral() as instance:
        result = (
            defs()
            .resolve_job_def("audit_job")
            .execute_in_process(instance=instance, run_config=clock_config(datetime.now(UTC)))
        )
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}


@pytest.mark.custody
def test_statement_collected_by_the_job_is_verified_and_told(
    settings: Settings, study: Study
) -> None:
    assert settings.given_url
    learner = uuid4()
    with (
        making_login(settings.given_url, Role.BI) as url,
        psycopg.connect(url, autocommit=True) as reader,
    ):
        asked = "select user_id = %s from (select gen_random_uuid() as user_id) as learners"
        reader.execute(asked, [learner])
        assert run_job() == {
            "chain_is_as_written": True,
            "nobody_reads_far_more_than_usual": True,
            "every_login_is_logged": True,
        }
    assert anchors_file(settings).exists()
    told = study("audit", "list", "--user", str(learner))
    assert "select" in told.stdout
    assert str(learner) not in told.stdout
    verified = study("audit", "verify")
    assert verified.returncode == 0, verified.stderr
    assert "1 anchors" in verified.stdout
    actions = [row["action"] for row in read_chain(settings.given_url)]
    assert actions[-2:] == ["study audit list", "study audit verify"]
    with psycopg.connect(settings.given_url, autocommit=True) as owner:
        owner.execute("alter table audit.data_access disable trigger all")
        owner.execute("update audit.data_access set login = 'bob' where access_id = 1")
    broken = study("audit", "verify")
    assert broken.returncode == 1
    assert "row 1 was changed" in broken.stdout
    assert "1 faults" in broken.stderr


@pytest.mark.custody
def test_person_at_psql_is_on_record(settings: Settings, study: Study) -> None:
    assert settings.given_url
    asked = study("psql", "--role", "study_audit", "--", "-Atc", "table audit.daily_access")
    assert asked.returncode == 0, asked.stderr
    refused = study("psql", "--role", "study_bi", "--", "-Atc", "table raw.study_events")
    assert refused.returncode == 1
    assert study("audit", "collect").returncode == 0
    told = [(row["source"], row["role"], row["tables"]) for row in read_chain(settings.given_url)]
    assert ("statement", "study_audit", ["audit.daily_access"]) in told
    assert ("refused", "study_bi", ["raw.study_events"]) in told


def note(connection: psycopg.Connection, login: str, moment: datetime, count: int) -> None:
    connection.execute(
        "select audit.append(jsonb_agg(jsonb_build_object('source', 'statement', 'occurred_at',"
        " %s::timestamptz, 'login', %s::text, 'action', 'select', 'place', number)))"
        " from generate_series(1, %s) as number",
        (moment, login, count),
    )


@pytest.mark.parametrize(
    ("usually", "now", "unusual"), [(200, 1500, False), (100, 1500, True), (0, 900, False)]
)
def test_ten_times_the_usual_day_is_unusual(
    database_url: str, usually: int, now: int, unusual: bool
) -> None:
    with psycopg.connect(database_url) as connection:
        for days in range(1, 5):
            if usually:
                note(connection, "ana", AS_OF - timedelta(days=days, hours=1), usually)
        note(connection, "ana", AS_OF - timedelta(hours=1), now)
        found = find_unusual(connection, as_of=AS_OF)
    assert bool(found) is unusual


def test_keys_are_made_once_for_their_owner_only(settings: Settings) -> None:
    assert settings.given_url
    first = open_pseudonyms(settings, settings.given_url)
    assert open_pseudonyms(settings, settings.given_url).keys == first.keys
    assert keys_file(settings).stat().st_mode & 0o777 == 0o600


def test_other_keys_than_the_databases_are_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, study: Study
) -> None:
    assert settings.given_url
    first = open_pseudonyms(settings, settings.given_url)
    monkeypatch.setenv("STUDY_PSEUDONYM_KEYS", "ab" * 32)
    refused = study("audit", "collect")
    assert refused.returncode == 1
    assert "set STUDY_PSEUDONYM_KEYS to all of them" in refused.stderr
    # A new key before the old one: that is how keys are changed.
    monkeypatch.setenv("STUDY_PSEUDONYM_KEYS", f"{'ab' * 32},{first.keys[0].hex()}")
    changed = open_pseudonyms(read_settings(), settings.given_url)
    learner = uuid4()
    assert first.name(learner) in changed.names(learner)
    assert first.name(learner) != changed.name(learner)


def test_keys_that_are_none_are_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, study: Study
) -> None:
    monkeypatch.setenv("STUDY_PSEUDONYM_KEYS", "secret")
    refused = study("audit", "collect")
    assert refused.returncode == 1
    assert "64 hexadecimal digits" in refused.stderr
    assert "secret" not in refused.stderr
