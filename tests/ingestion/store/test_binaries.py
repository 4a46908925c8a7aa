from pathlib import Path

import pytest

from ingestion.store.binaries import find_binaries
from ingestion.store.errors import StoreError


def make_program(folder: Path, name: str, says: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)


def test_packaged_server_is_the_newest_one() -> None:
    binaries = find_binaries(None)
    assert binaries.major >= 18
    assert binaries.folder.parent.name == f"pginstall{binaries.major}"


@pytest.mark.parametrize(
    ("says", "error"),
    [
        ("postgres (PostgreSQL) 14.9", "PostgreSQL 14 .* is too old"),
        ("something else", "does not say which PostgreSQL it is"),
    ],
)
def test_unfit_server_is_refused(tmp_path: Path, says: str, error: str) -> None:
    make_program(tmp_path, "postgres", says)
    make_program(tmp_path, "initdb", says)
    with pytest.raises(StoreError, match=error):
        find_binaries(tmp_path)


@pytest.mark.parametrize(
    "text", ["postgres (PostgreSQL) 15.18 (Debian)", "postgres (PostgreSQL) 19beta1"]
)
def test_version_is_read_from_any_build(tmp_path: Path, text: str) -> None:
    make_program(tmp_path, "postgres", text)
    make_program(tmp_path, "initdb", text)
    assert find_binaries(tmp_path).major in (15, 19)


def test_folder_without_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no PostgreSQL in .*STUDY_POSTGRES_BIN"):
        find_binaries(tmp_path)


def test_program_that_does_not_run_is_refused(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text("")
    with pytest.raises(StoreError, match="does not run here"):
        find_binaries(tmp_path)
