import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestration.settings import (
    child_environment,
    exported,
    list_settings,
    read_settings,
)

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


@pytest.fixture(autouse=True)
def _no_settings(clean_environment: Path) -> None:
    """Nothing set but the home."""


def test_settings_have_defaults_without_any_environment(clean_environment: Path) -> None:
    settings = read_settings()
    assert settings.given_url is None
    assert settings.home == clean_environment
    assert (settings.ingestion_port, settings.dagster_port, settings.postgres_port) == (
        8000,
        3000,
        5433,
    )


def test_home_is_absolute_whatever_was_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STUDY_HOME", "elsewhere")
    assert read_settings().home == tmp_path / "elsewhere"
    monkeypatch.delenv("STUDY_HOME")
    assert read_settings().home == tmp_path / ".study"


def test_write_keys_are_cut_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDY_WRITE_KEYS", " one, two ,,")
    assert read_settings().clear_write_keys == ("one", "two")


def test_proxies_and_origins_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDY_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1,2001:db8::/32")
    monkeypatch.setenv("STUDY_CORS_ORIGINS", "https://a.example, http://b.example:8080")
    settings = read_settings()
    assert list(map(str, settings.trusted_proxies)) == [
        "10.0.0.0/8",
        "192.0.2.1/32",
        "2001:db8::/32",
    ]
    assert settings.cors_origins == ("https://a.example", "http://b.example:8080")
    shown = {found.variable: found.value for found in list_settings(settings)}
    assert shown["STUDY_CORS_ORIGINS"] == "https://a.example, http://b.example:8080"
    for name, wrong in (
        ("CORS_ORIGINS", "https://a.example/"),
        ("CORS_ORIGINS", "a.example"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("EVENTS_PER_SECOND", "0"),
        ("EVENTS_PER_SECOND", "nan"),
        ("WORKERS", "0"),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(f"STUDY_{name}", wrong)
            with pytest.raises(ValidationError):
                read_settings()


def test_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDY_DATABASE_URL", "")
    assert read_settings().given_url is None


def test_list_shows_sources_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDY_DATABASE_URL", "postgresql://study:geheim@db/study")
    monkeypatch.setenv("STUDY_WRITE_KEYS", "geheim,geheimer")
    shown = {found.variable: found for found in list_settings(read_settings())}
    assert shown["STUDY_DATABASE_URL"].source == "environment"
    assert shown["STUDY_DAGSTER_PORT"].source == "default"
    assert shown["STUDY_WRITE_KEYS"].value == "2 set, masked"
    assert "geheim" not in repr(shown)
    assert "geheim" not in repr(read_settings())


def test_rejected_value_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDY_DAGSTER_PORT", "geheim")
    with pytest.raises(ValidationError) as caught:
        read_settings()
    assert "geheim" not in str(caught.value)


def test_every_setting_is_documented_with_its_default() -> None:
    documented = dict(
        re.findall(r"^\| `(STUDY_\w+)` \| ([^|]+) \|", OPERATIONS.read_text(), re.MULTILINE)
    )
    assert documented.keys() == {found.variable for found in list_settings(read_settings())}
    for name in (
        "INGESTION_PORT",
        "DAGSTER_PORT",
        "POSTGRES_PORT",
        "HOST",
        "LOG_LEVEL",
        "MAX_CONNECTIONS",
    ):
        default = getattr(read_settings(), name.lower())
        assert documented[f"STUDY_{name}"].strip() == f"`{default}`"


def test_exported_variables_are_gone_after_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDY_HOST", "before")
    with exported({"STUDY_HOST": "within", "STUDY_LOG_LEVEL": "debug"}):
        assert child_environment()["STUDY_HOST"] == "within"
        assert child_environment()["STUDY_LOG_LEVEL"] == "debug"
    assert child_environment()["STUDY_HOST"] == "before"
    assert "STUDY_LOG_LEVEL" not in child_environment()
