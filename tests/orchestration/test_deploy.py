"""The units of deploy/: they parse, and what they start exists and says how it is called."""

import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from orchestration.process import Process
from orchestration.settings import list_settings, read_settings
from tests.conftest import REPOSITORY
from tests.orchestration.conftest import Study

UNITS = sorted((REPOSITORY / "deploy" / "systemd").glob("*.service"))
STUDY = "/opt/study/.venv/bin/study"


def read_unit(path: Path) -> ConfigParser:
    # As systemd has it: options keep their case, and may come twice.
    parser = ConfigParser(strict=False, interpolation=None, comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path)
    return parser


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_unit_starts_a_command_there_is(path: Path, study: Study) -> None:
    service = read_unit(path)["Service"]
    program, *arguments = service["ExecStart"].split()
    assert program == STUDY
    found = study(*arguments, "--help")
    assert found.returncode == 0, found.stderr
    if arguments[0] == "dagster":
        assert arguments[1] in list(Process)
    assert (service["Restart"], service["NoNewPrivileges"]) == ("always", "yes")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_unit_belongs_to_the_target(path: Path) -> None:
    target = read_unit(REPOSITORY / "deploy" / "systemd" / "study.target")
    assert path.name in target["Unit"]["Wants"].split()
    assert read_unit(path)["Unit"]["PartOf"] == "study.target"


def test_ui_and_daemon_are_not_told_the_owners_login() -> None:
    told = {path.stem: read_unit(path)["Service"]["EnvironmentFile"] for path in UNITS}
    assert told == {
        "study-ingestion": "/etc/study/owner.env",
        "study-code-server": "/etc/study/owner.env",
        "study-webserver": "/etc/study/dagster.env",
        "study-daemon": "/etc/study/dagster.env",
    }


def test_variables_that_are_told_to_be_set_are_settings() -> None:
    text = (REPOSITORY / "deploy" / "README.md").read_text()
    known = {setting.variable for setting in list_settings(read_settings())}
    assert set(re.findall(r"STUDY_\w+", text)) <= known


def test_process_without_a_database_says_what_to_set(study: Study) -> None:
    found = study("dagster", "daemon")
    assert found.returncode == 1
    assert found.stderr.startswith("daemon needs a server's database: set STUDY_DATABASE_URL;")
    assert study("dagster", "something").returncode == 2


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_systemd_finds_no_fault(path: Path, tmp_path: Path) -> None:
    # What is not installed here would be its only complaint.
    here = tmp_path / path.name
    here.write_text(path.read_text().replace(STUDY, "/bin/true").replace("User=study\n", ""))
    found = subprocess.run(
        ["systemd-analyze", "verify", str(here)], check=False, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr
