"""Digests of the real project, copied and edited: what a change of a definition reaches."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.defs.dbt.manifest import PROJECT_FOLDER, dbt_executable
from orchestration.loads import Model
from orchestration.loads.digests import read_models
from orchestration.settings import child_environment

Edit = Callable[[Path], None]
WRITTEN = shutil.ignore_patterns("target", "logs", "__pycache__")


def parse(folder: Path) -> dict[str, Model]:
    subprocess.run(
        [dbt_executable(), "--quiet", "parse", "--profiles-dir", str(folder)],
        cwd=folder,
        env=child_environment(DBT_SEND_ANONYMOUS_USAGE_STATS="false"),
        check=True,
        capture_output=True,
    )
    return read_models(folder / "target" / "manifest.json")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, parsed, to be edited by copies of its own."""
    folder = tmp_path_factory.mktemp("digests") / "dbt_project"
    shutil.copytree(PROJECT_FOLDER, folder, ignore=WRITTEN)
    parse(folder)
    return folder


@pytest.fixture
def edited(project: Path, tmp_path: Path) -> Callable[[Edit], set[str]]:
    """Edit the project and give the models whose digest is another."""

    def run(edit: Edit) -> set[str]:
        before = read_models(project / "target" / "manifest.json")
        folder = tmp_path / "dbt_project"
        shutil.copytree(project, folder, ignore=shutil.ignore_patterns("target", "logs"))
        edit(folder)
        after = parse(folder)
        assert before.keys() == after.keys()
        return {name for name, model in after.items() if model.digest != before[name].digest}

    return run


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def list_descendants(models: dict[str, Model], name: str) -> set[str]:
    readers = {each for each, model in models.items() if name in model.upstream}
    return readers.union(*(list_descendants(models, each) for each in readers))


def read_project(project: Path) -> dict[str, Model]:
    return read_models(project / "target" / "manifest.json")


def test_parsing_again_changes_no_digest(edited: Callable[[Edit], set[str]]) -> None:
    assert edited(lambda folder: None) == set()


def test_changed_macro_reaches_its_models_and_all_below(
    project: Path, edited: Callable[[Edit], set[str]]
) -> None:
    # Models name the macro that dispatches to it.
    changed = edited(
        lambda folder: replace_in(
            folder / "macros" / "instants.sql", "date_trunc('week', ", "date_trunc( 'week', "
        )
    )
    models = read_project(project)
    files = (project / "models").rglob("*.sql")
    users = {file.stem for file in files if " week_start(" in file.read_text()}
    assert users
    assert changed == users.union(*(list_descendants(models, each) for each in users))
    assert changed < models.keys()


def test_changed_variable_reaches_who_reads_it(
    project: Path, edited: Callable[[Edit], set[str]]
) -> None:
    changed = edited(
        lambda folder: replace_in(
            folder / "dbt_project.yml", "idle_limit_seconds: 1800", "idle_limit_seconds: 900"
        )
    )
    assert {"int_spans_measured", "study_sessions", "daily_user_stats"} <= changed
    assert "int_timezones_named" not in changed


def test_changed_view_reaches_all_who_read_it(
    project: Path, edited: Callable[[Edit], set[str]]
) -> None:
    changed = edited(
        lambda folder: append_line(folder / "models" / "staging" / "stg_study_events.sql")
    )
    assert changed == read_project(project).keys()


def append_line(path: Path) -> None:
    path.write_text(path.read_text() + "-- another line\n")


def test_changed_model_reaches_itself_and_all_below(
    project: Path, edited: Callable[[Edit], set[str]]
) -> None:
    changed = edited(
        lambda folder: append_line(folder / "models" / "marts" / "daily_user_stats.sql")
    )
    models = read_project(project)
    assert changed == {"daily_user_stats"} | list_descendants(models, "daily_user_stats")
    assert "study_sessions" not in changed


def test_changed_type_of_a_column_reaches_its_model(
    project: Path, edited: Callable[[Edit], set[str]]
) -> None:
    path = Path("models") / "marts" / "_user_gamification__model.yml"
    changed = edited(
        lambda folder: replace_in(folder / path, "data_type: bigint", "data_type: numeric")
    )
    assert changed == {"user_gamification"}


def test_words_about_a_model_reach_nothing(edited: Callable[[Edit], set[str]]) -> None:
    path = Path("models") / "marts" / "_user_gamification__model.yml"
    changed = edited(lambda folder: replace_in(folder / path, "Key, the learner", "Key, the student"))
    assert changed == set()


def test_inputs_are_found_through_views(project: Path) -> None:
    models = read_project(project)
    assert models["weekly_user_stats"].upstream >= {"daily_user_stats"}
    assert "stg_study_events" not in models
    assert all(model.upstream <= models.keys() for model in models.values())
