"""A backup is of no use to who has no key, and of all use to who has it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr

from ingestion.audit.verifying import verify
from ingestion.landing.erasing import suppress
from ingestion.store.errors import StoreError
from orchestration.backup import create_backup, make_key, restore_backup
from orchestration.database import open_unmigrated, open_warehouse
from orchestration.erasure.again import forget_again
from orchestration.erasure.ledger import note_forgotten
from orchestration.landing import land_events
from orchestration.marts import summarise_marts
from orchestration.pipeline import run_pipeline
from orchestration.pseudonyms import open_pseudonyms
from orchestration.settings import Settings, read_settings
from tests.conftest import make_database
from tests.orchestration.conftest import make_events

NOW = datetime(2026, 3, 1, tzinfo=UTC)
_COUNT = "select count(*) from raw.study_events"


@pytest.fixture
def key(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The secret half of the key that backups are encrypted for."""
    file = tmp_path / "backup.key"
    monkeypatch.setenv("STUDY_BACKUP_RECIPIENT", make_key(file))
    return file


@pytest.fixture
def empty(server_url: str, key: Path, settings: Settings) -> Iterator[Settings]:
    """The same settings on a database that holds nothing."""
    with make_database(server_url) as url:
        yield settings.model_copy(update={"database_url": SecretStr(url)})


def count(settings: Settings) -> object:
    assert settings.given_url
    with psycopg.connect(settings.given_url) as connection:
        return connection.execute(_COUNT).fetchone()


def test_backup_is_restored_by_its_key_alone(key: Path, empty: Settings, tmp_path: Path) -> None:
    settings = read_settings()
    assert settings.given_url
    assert empty.given_url
    events = make_events(40)
    land_events(settings.given_url, events)
    backup = create_backup(settings, out=tmp_path / "b.age", now=NOW)
    content = backup.file.read_bytes()
    assert content.startswith(b"age-encryption.org/v1")
    assert str(events[0]["user_id"]).encode() not in content
    assert backup.file.stat().st_mode & 0o777 == key.stat().st_mode & 0o777 == 0o600

    other = tmp_path / "other.key"
    make_key(other)
    cut = tmp_path / "cut.age"
    cut.write_bytes(content[:-1000])
    for file, identity in ((backup.file, other), (cut, key)):
        with pytest.raises(StoreError, match=r"does not open|did not restore"):
            restore_backup(empty, file, identity=identity)
        with psycopg.connect(empty.given_url) as connection:
            made = connection.execute("select to_regnamespace('raw')").fetchone()
        assert made == (None,)

    restore_backup(empty, backup.file, identity=key)
    assert count(empty) == (40,)
    with pytest.raises(StoreError, match="holds something"):
        restore_backup(empty, backup.file, identity=key)
    with pytest.raises(StoreError, match="is there already"):
        make_key(key)


def test_backup_for_nobody_is_refused(settings: Settings) -> None:
    with pytest.raises(StoreError, match="STUDY_BACKUP_RECIPIENT"):
        create_backup(settings, out=None, now=NOW)


@pytest.mark.custody
def test_learner_forgotten_since_is_forgotten_again(
    key: Path, empty: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = read_settings()
    assert settings.given_url
    assert empty.given_url
    gone, stays = make_events(3), make_events(2)
    land_events(settings.given_url, [*gone, *stays])
    pseudonyms = open_pseudonyms(settings, settings.given_url)
    backup = create_backup(settings, out=tmp_path / "b.age", now=NOW)
    learner = UUID(str(gone[0]["user_id"]))
    with psycopg.connect(settings.given_url) as owner:
        suppress(owner, learner, pseudonyms)
    note_forgotten(settings, learner, pseudonyms)
    monkeypatch.setenv("STUDY_DATABASE_URL", empty.given_url)
    restore_backup(read_settings(), backup.file, identity=key)
    assert count(empty) == (5,)
    assert forget_again(read_settings()) == 1
    assert count(empty) == (2,)


@pytest.mark.custody
def test_restored_on_another_server_the_next_load_gives_the_same_marts(
    key: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change feed included: another server counts transactions of its own."""
    settings = read_settings()
    assert settings.given_url
    land_events(settings.given_url, make_events(40))
    assert run_pipeline(settings, as_of=datetime.now(UTC)).held
    as_of = datetime.now(UTC)
    run_pipeline(settings, as_of=as_of)
    before = summarise_marts(settings.given_url)
    open_pseudonyms(settings, settings.given_url)
    backup = create_backup(settings, out=tmp_path / "b.age", now=NOW)
    keys = (settings.home / "pseudonym.keys").read_text()

    again = tmp_path / "again"
    again.mkdir()
    (again / "pseudonym.keys").write_text(keys)
    monkeypatch.delenv("STUDY_DATABASE_URL")
    monkeypatch.setenv("STUDY_HOME", str(again))
    monkeypatch.setenv("STUDY_POSTGRES_PORT", "0")
    elsewhere = read_settings()
    with open_unmigrated(elsewhere):
        restore_backup(elsewhere, backup.file, identity=key)
        outcome = run_pipeline(elsewhere, as_of=as_of)
        assert outcome.held
        assert "restored cluster" in str(outcome.loads[-1].reason)
        with open_warehouse(elsewhere) as url:
            assert summarise_marts(url) == before
            land_events(url, make_events(5))
            following = run_pipeline(elsewhere, as_of=datetime.now(UTC))
            assert following.loads[-1].event_count == 5
            with psycopg.connect(url) as connection:
                assert verify(connection).faults == []
