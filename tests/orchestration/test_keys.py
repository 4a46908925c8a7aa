"""`study keys` as operators use it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from ingestion.store.write_keys import list_keys
from orchestration.cli import app
from orchestration.doctor import examine
from orchestration.settings import Settings
from tests.orchestration.conftest import Study


def test_key_is_made_listed_and_revoked(study: Study, settings: Settings) -> None:
    assert settings.given_url
    made = study("keys", "create", "web", "--events-per-second", "50", "--days", "30")
    assert made.returncode == 0
    assert re.fullmatch(r"sk_study_[\w-]{43}\n", made.stdout)
    (record,) = list_keys(settings.given_url)
    assert record.events_per_second == 50
    assert record.expires_at is not None
    assert timedelta(days=29) < record.expires_at - datetime.now(UTC) < timedelta(days=31)
    listed = study("keys", "list").stdout
    assert re.search(r"web +write +living .* 50 ", listed)
    assert made.stdout.strip() not in listed
    assert study("keys", "create", "backend", "--scope", "server").returncode == 0
    assert re.search(r"backend +server +living ", study("keys", "list").stdout)
    assert study("keys", "revoke", "web").stdout == "Revoked web.\n"
    again = study("keys", "revoke", "web")
    assert (again.returncode, again.stderr) == (
        1,
        "there is no living key 'web': see `study keys list`\n",
    )


@pytest.mark.parametrize("command", ["create", "list", "revoke"])
def test_help_ends_with_an_example(command: str) -> None:
    found = CliRunner().invoke(app, ["keys", command, "--help"])
    assert re.search(rf"Example: study keys {command}\b", found.output)


def test_doctor_counts_the_keys_of_the_database(settings: Settings, study: Study) -> None:
    def told(with_settings: Settings) -> tuple[bool, str]:
        (finding,) = [one for one in examine(with_settings) if one.subject == "write keys"]
        return finding.is_well, finding.text

    public = settings.model_copy(update={"host": "0.0.0.0"})
    assert told(settings) == (True, "none, 0 in the database: only this machine may write")
    assert not told(public)[0]
    assert study("keys", "create", "web").returncode == 0
    assert told(public) == (True, "0 set, 1 in the database")
