"""What Dagster loads: from a fresh clone, with no database and no environment."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from orchestration.automation import pipeline_job
from orchestration.definitions import defs
from orchestration.defs.dbt.manifest import is_current
from orchestration.translator import WarehouseTranslator

ROOT = Path(__file__).resolve().parents[2]
DAGSTER = str(Path(sys.executable).with_name("dagster"))
CLONED = ("ingestion", "quality", "orchestration", "dbt_project")


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return defs()


def test_definitions_validate_in_a_fresh_clone(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    for folder in CLONED:
        written = shutil.ignore_patterns("target", "logs", "__pycache__")
        shutil.copytree(ROOT / folder, clone / folder, ignore=written)
    for name in ("workspace.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, clone / name)
    found = subprocess.run(
        [DAGSTER, "definitions", "validate", "-w", "workspace.yaml"],
        cwd=clone,
        # PYTHONPATH as `python -m` has it; nothing else is known.
        env={"PYTHONPATH": str(clone), "HOME": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "Validation successful for code location study_analytics" in found.stderr + found.stdout
    assert (clone / "dbt_project" / "target" / "manifest.json").exists()


def test_models_have_owners_code_and_the_schema_as_group(definitions: dg.Definitions) -> None:
    spec = {each.key: each for each in definitions.resolve_all_asset_specs()}[
        dg.AssetKey(["marts", "study_sessions"])
    ]
    assert spec.group_name == "marts"
    assert spec.owners
    references = spec.metadata["dagster/code_references"].code_references
    assert any(str(each.file_path).endswith("study_sessions.sql") for each in references)


def test_translator_names_a_source_as_the_raw_asset() -> None:
    props = {"schema": "raw", "identifier": "study_events", "name": "study_events"}
    assert WarehouseTranslator().get_asset_key(props) == dg.AssetKey(["raw", "study_events"])


def test_every_check_says_what_it_claims(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    silent = [key for key in graph.asset_check_keys if not graph.get_check_spec(key).description]
    assert silent == []


def test_run_needs_no_configuration(definitions: dg.Definitions) -> None:
    assert dg.validate_run_config(definitions.resolve_job_def(pipeline_job.name), {})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "target").mkdir()
    (tmp_path / "models" / "a.sql").write_text("select 1")
    (tmp_path / "target" / "manifest.json").write_text("{}")
    return tmp_path


def age(path: Path, seconds: int) -> None:
    os.utime(path, (seconds, seconds))


def test_manifest_is_current_until_a_source_is_newer(project: Path) -> None:
    manifest, model = project / "target" / "manifest.json", project / "models" / "a.sql"
    age(model, 100)
    age(project / "models", 100)
    age(manifest, 200)
    assert is_current(manifest, project)
    age(model, 300)
    assert not is_current(manifest, project)


def test_manifest_is_stale_once_a_model_is_deleted(project: Path) -> None:
    manifest = project / "target" / "manifest.json"
    age(manifest, 200)
    (project / "models" / "a.sql").unlink()
    assert not is_current(manifest, project)


def test_missing_manifest_is_not_current(project: Path) -> None:
    assert not is_current(project / "target" / "other.json", project)
