"""The law of layers: who may import whom, who may read what."""

import re
from pathlib import Path

import pytest

from tests.architecture.sources import (
    PACKAGES,
    ROOT,
    environment_reads,
    imported_packages,
    python_files,
)

MAY_IMPORT = {
    "ingestion": {"ingestion"},
    "quality": {"quality"},
    "orchestration": {"ingestion", "quality", "orchestration"},
}
OURS = {*PACKAGES, "dbt_project", "tests", "bench"}
MAY_TOUCH_ENVIRONMENT = {
    "orchestration/settings.py",  # every setting
    "ingestion/store/cluster.py",  # keeps all but the PATH from the server it starts
}
MODELS = ROOT / "dbt_project" / "models"
READS_RAW = re.compile(r"source\s*\(\s*['\"]raw['\"]|\braw\s*\.\s*\w+", re.IGNORECASE)
SQL_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/|\{#.*?#\}", re.DOTALL)


@pytest.mark.parametrize("package", PACKAGES)
def test_package_imports_only_what_its_layer_may(package: str) -> None:
    offenders = {
        str(path.relative_to(ROOT)): forbidden
        for path in python_files(package)
        if (forbidden := (imported_packages(path.read_text()) & OURS) - MAY_IMPORT[package])
    }
    assert offenders == {}


def test_dbt_project_imports_nothing_of_ours() -> None:
    files = python_files("dbt_project")
    assert {
        package for path in files for package in imported_packages(path.read_text())
    } & OURS == set()


def test_only_staging_reads_raw() -> None:
    readers = {
        path.relative_to(MODELS).parts[0]
        for path in MODELS.rglob("*.sql")
        if READS_RAW.search(SQL_COMMENT.sub("", path.read_text()))
    }
    assert readers == {"staging"}


def test_only_the_landing_code_writes_raw() -> None:
    writes = re.compile(r"(insert\s+into|update|delete\s+from|copy)\s+raw\.", re.IGNORECASE)
    writers = {
        path.relative_to(ROOT).parts[:2]
        for package in PACKAGES
        for path in python_files(package)
        if writes.search(path.read_text())
    }
    assert writers == {("ingestion", "landing")}


def test_only_the_settings_touch_the_environment() -> None:
    offenders = {
        str(path.relative_to(ROOT)): lines
        for package in PACKAGES
        for path in python_files(package)
        if (lines := environment_reads(path.read_text()))
    }
    assert offenders.keys() == MAY_TOUCH_ENVIRONMENT, offenders


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import quality.results", {"quality"}),
        ("def f():\n    from ingestion.store import x", {"ingestion"}),
        ("from . import sibling", set()),
    ],
)
def test_import_law_sees_imports(source: str, found: set[str]) -> None:
    assert imported_packages(source) == found


@pytest.mark.parametrize(
    "source",
    ["import os\nos.environ['X']", "import os\nos.getenv('X')", "from os import environ"],
)
def test_environment_law_sees_reads(source: str) -> None:
    assert environment_reads(source)


def test_no_module_is_named_for_what_is_left_over() -> None:
    names = {"utils", "util", "helpers", "helper", "common", "misc"}
    found = [path for package in PACKAGES for path in python_files(package) if path.stem in names]
    assert found == []


def test_layers_name_folders_that_exist() -> None:
    assert all(Path(ROOT, package).is_dir() for package in MAY_IMPORT)
