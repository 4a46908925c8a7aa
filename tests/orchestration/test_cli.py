"""The command line as people and scripts meet it."""

import gzip
import json
import re
import subprocess
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from orchestration.cli import app, failed
from orchestration.settings import Settings
from tests.orchestration.conftest import Study, make_events, study_command

COMMANDS = [
    f"{group}{command.name or (command.callback.__name__ if command.callback else '')}"
    for group, commands in (("", app), ("failed ", failed.failed))
    for command in commands.registered_commands
]


def test_commands_are_those_that_work() -> None:
    assert set(COMMANDS) == {
        *("up", "serve", "dagster", "migrate", "replay", "import", "simulate"),
        *("materialize", "backfill", "check", "doctor", "psql", "demo"),
        *("archive", "restore", "forget"),
        *("failed list", "failed show", "failed replay"),
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_ends_with_an_example(command: str) -> None:
    found = CliRunner().invoke(app, [*command.split(), "--help"])
    assert found.exit_code == 0
    # On its own line, the words of the command first: it can be copied as it stands.
    assert re.search(rf"Example: (\w+=\S+ )*study {command}\b", found.output)


def test_help_does_not_import_what_is_heavy() -> None:
    code = (
        "import sys, orchestration.cli;"
        "print([name for name in ('dagster', 'dbt', 'pandas', 'great_expectations', 'sqlalchemy',"
        " 'psycopg', 'fastapi') if name in sys.modules])"
    )
    python = study_command()[0]
    found = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("frob", "No such command 'frob'. See `study --help`."),
        ("replay", "Missing argument 'files'. See `study replay --help`."),
        ("replay x --frob", "No such option: --frob. See `study replay --help`."),
        (
            "check --as-of today",
            "Invalid value for --as-of: 'today' is no ISO 8601 instant. See `study check --help`.",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(study: Study, command: str, line: str) -> None:
    found = study(*command.split())
    assert (found.returncode, found.stderr, found.stdout) == (2, line + "\n", "")


def test_unknown_role_is_wrong_usage(study: Study) -> None:
    found = study("psql", "--role", "root")
    assert found.returncode == 2
    assert "'root' is no role of ours: study_ingest, study_transform," in found.stderr


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("replay /no/such", r"/no/such cannot be read: No such .*"),
        ("import ednet /", r"/ holds no learner's file .*"),
        ("simulate --users 1 --days 1 --out /no/such/file", r"/no/such/file cannot be written.*"),
    ],
)
def test_failed_work_is_one_line_and_code_1(study: Study, command: str, line: str) -> None:
    found = study(*command.split())
    assert found.returncode == 1
    assert re.fullmatch(line + "\n", found.stderr)


def test_setting_that_cannot_be_is_named(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDY_DAGSTER_PORT", "many")
    found = study("up")
    assert found.returncode == 1
    assert found.stderr.startswith("STUDY_DAGSTER_PORT: input should be a valid integer")
    assert found.stderr.count("\n") == 1


def test_unreachable_database_is_told_without_its_password(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDY_DATABASE_URL", "postgresql://study:geheim@127.0.0.1:1/study")
    found = study("migrate")
    assert found.returncode == 1
    assert found.stderr.startswith("the database at 127.0.0.1:1/study cannot be reached: ")
    assert found.stderr.count("\n") == 1
    assert "geheim" not in found.stderr


def test_replay_lands_a_file_once(settings: Settings, study: Study, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson.gz"
    events = make_events(7)
    with gzip.open(file, "wt") as lines:
        lines.writelines(json.dumps(event) + "\n" for event in events)
    found = study("replay", str(file))
    assert found.returncode == 0, found.stderr
    assert found.stdout == "7 events: accepted 7  duplicate 0  rejected 0  conflict 0\n"
    again = study("replay", str(file))
    assert again.returncode == 0
    assert again.stdout == "7 events: accepted 0  duplicate 7  rejected 0  conflict 0\n"
    assert settings.given_url
    with psycopg.connect(settings.given_url) as connection:
        (stored,) = connection.execute("select count(*) from raw.study_events").fetchone() or (0,)
    assert stored == 7


def test_replay_of_bad_events_tells_each_reason(settings: Settings, study: Study) -> None:
    good, bad = make_events(2)
    lines = [json.dumps(good), json.dumps({**bad, "event_type": "nap_taken"}), "{no json", "", "7"]
    found = study("replay", "-", text="\n".join(lines))
    assert found.returncode == 1
    assert found.stdout.startswith("3 events: accepted 1  duplicate 0  rejected 2  conflict 0\n")
    assert "unknown_event_type 1, e.g. " in found.stdout
    assert "not_an_object 1, e.g. " in found.stdout
    told, failure = found.stderr.splitlines()
    assert told.startswith("-, line 3 is not JSON")
    assert failure.startswith("3 events were not stored: ")


def test_simulated_cohort_is_the_same_each_time(study: Study, tmp_path: Path) -> None:
    files = [tmp_path / "a.ndjson", tmp_path / "b.ndjson"]
    for file in files:
        arguments = ("--users", "2", "--days", "2", "--seed", "5", "--end-at", "2026-03-01")
        found = study("simulate", *arguments, "--out", str(file))
        assert found.returncode == 0, found.stderr
    one, other = (file.read_bytes() for file in files)
    assert one == other
    count = len(one.splitlines())
    assert count > 10
    assert found.stderr == (
        f"{count:,} events of 2 learners over 2 days until 2026-03-01 00:00 UTC\n"
    )


def test_simulate_without_a_file_writes_to_the_screen(study: Study) -> None:
    found = study("simulate", "--users", "1", "--days", "1", "--end-at", "2026-03-01")
    assert found.returncode == 0
    assert all("event_type" in json.loads(line) for line in found.stdout.splitlines())


def test_import_opens_the_months_it_needs_and_accounts_for_every_row(
    settings: Settings, study: Study, real_data: Path
) -> None:
    found = study("import", "ednet", str(real_data / "ednet"))
    assert found.returncode == 0, found.stderr
    assert "rejected 0  conflict 0" in found.stdout
    rows = re.search(r"([\d,]+) rows: ([\d,]+) became events, ([\d,]+) have no", found.stdout)
    assert rows
    read, landed, dropped = (int(number.replace(",", "")) for number in rows.groups())
    assert read == landed + dropped == 18_256
    again = study("import", "ednet", str(real_data / "ednet"))
    assert again.returncode == 0
    assert "accepted 0  duplicate" in again.stdout


def test_migrate_says_what_it_did(
    clean_environment: Path,
    monkeypatch: pytest.MonkeyPatch,
    study: Study,
    empty_database_url: str,
) -> None:
    monkeypatch.setenv("STUDY_DATABASE_URL", empty_database_url)
    behind = study("replay", "-", text="")
    assert behind.returncode == 1
    assert "run `study migrate`" in behind.stderr
    assert "applied 0001" in study("migrate").stdout
    assert "nothing to apply" in study("migrate").stdout
    assert study("replay", "-", text="").returncode == 0


def test_psql_works_as_the_role_it_is_given(settings: Settings, study: Study) -> None:
    query = ("--", "-Atc", "select current_user, count(*) from raw.study_events")
    assert study("psql", "--role", "study_ingest", *query).stdout == "study_ingest|0\n"
    refused = study("psql", "--role", "study_bi", *query)
    assert refused.returncode == 1
    assert "permission denied for schema raw" in refused.stderr


def test_check_without_marts_says_what_to_do(settings: Settings, study: Study) -> None:
    found = study("check")
    assert found.returncode == 1
    assert found.stderr == (
        "there is nothing to check: the marts were never built. Run `study materialize`.\n"
    )


def test_doctor_shows_settings_and_what_is_reached(
    settings: Settings, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDY_WRITE_KEYS", "geheim")
    found = study("doctor")
    assert found.returncode == 0, found.stdout + found.stderr
    assert re.search(r"STUDY_WRITE_KEYS +1 set, masked +environment", found.stdout)
    assert re.search(r"STUDY_DAGSTER_PORT +3000 +default", found.stdout)
    assert re.search(r"ok +database: PostgreSQL \d+ at ", found.stdout)
    assert re.search(r"ok +schema: current", found.stdout)
    assert "geheim" not in found.stdout
    password = settings.given_url and settings.given_url.partition("@")[0].rpartition(":")[2]
    assert password
    assert password not in found.stdout


def test_doctor_of_an_unreachable_database_fails(
    clean_environment: Path, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDY_DATABASE_URL", "postgresql://study:geheim@127.0.0.1:1/study")
    found = study("doctor")
    assert found.returncode == 1
    assert "FAIL database: the database at 127.0.0.1:1/study cannot be reached" in found.stdout
    assert found.stderr == "not well: database. What to do is said above.\n"
    assert "geheim" not in found.stdout + found.stderr


def test_doctor_starts_nothing(clean_environment: Path, study: Study) -> None:
    found = study("doctor")
    assert "rests; commands start it" in found.stdout
    assert not clean_environment.exists()
