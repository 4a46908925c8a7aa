"""Digests of a small project that dbt parses: what a change of a definition reaches."""

import shutil
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from dbt.cli.main import dbtRunner

from orchestration.defs.dbt.manifest import PROJECT_FOLDER
from orchestration.loads import Model
from orchestration.loads.digests import read_models

# answers -> days -> weeks; words beside them, which read the same view.
FILES = {
    "dbt_project.yml": """
        name: small
        version: "1.0.0"
        profile: study_analytics
        flags: {send_anonymous_usage_stats: false}
        vars: {limit: 30, as_of: null, unread: 1}
        models: {small: {+materialized: incremental, +incremental_strategy: by_key}}
        """,
    "models/seen.sql": "{{ config(materialized='view') }} select 1 as a",
    "models/answers.sql": "select {{ rounded('a') }} as a from {{ ref('seen') }}",
    "models/days.sql": "select a, {{ var('as_of') }} as b from {{ ref('answers') }}",
    "models/days_seen.sql": "{{ config(materialized='view') }} select a from {{ ref('days') }}",
    "models/weeks.sql": "select a from {{ ref('days_seen') }}",
    "models/words.sql": "select a from {{ ref('seen') }} where a < {{ ceiling() }}",
    "models/words.yml": """
        models:
          - name: words
            description: What was said.
            columns: [{name: a, data_type: bigint}]
        """,
    "macros/all.sql": """
        {% macro rounded(a) %}{{ return(adapter.dispatch('rounded')(a)) }}{% endmacro %}
        {% macro postgres__rounded(a) %}round({{ a }}){% endmacro %}
        {% macro ceiling() %}{{ var('limit') }}{% endmacro %}
        {% macro get_incremental_by_key_sql(given) %}{{ return(compare(given)) }}{% endmacro %}
        {% macro compare(given) %}select 1{% endmacro %}
        """,
}
STORED = {"answers", "days", "weeks", "words"}


def parse(folder: Path) -> dict[str, Model]:
    # In this process: of the seconds the command takes most are its imports.
    options = ["--project-dir", str(folder), "--profiles-dir", str(PROJECT_FOLDER)]
    options += ["--target-path", str(folder / "target"), "--log-level-file", "none"]
    result = dbtRunner().invoke(["--quiet", "parse", "--no-partial-parse", *options])
    assert result.success, result.exception
    return read_models(folder / "target" / "manifest.json")


def write_project(folder: Path) -> dict[str, Model]:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return parse(folder)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    write_project(folder)
    return folder


@pytest.fixture
def models(project: Path) -> dict[str, Model]:
    return read_models(project / "target" / "manifest.json")


@pytest.fixture
def change(
    project: Path, models: dict[str, Model], tmp_path: Path
) -> Callable[[str, str, str], set[str]]:
    """Change a word in a file of a copy, and give the models whose digest is another."""

    def run(file: str, old: str, new: str) -> set[str]:
        folder = tmp_path / "copy"
        shutil.copytree(project, folder, ignore=shutil.ignore_patterns("target"))
        path = folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        after = parse(folder)
        assert after.keys() == models.keys()
        return {name for name, model in after.items() if model.digest != models[name].digest}

    return run


def test_stored_models_are_listed_with_the_tables_they_read(models: dict[str, Model]) -> None:
    assert {name: set(model.upstream) for name, model in models.items()} == {
        "answers": set(),
        "days": {"answers"},
        "weeks": {"days"},
        "words": set(),
    }
    assert all(model.is_incremental for model in models.values())


@pytest.mark.parametrize(
    ("file", "old", "new", "reached"),
    [
        # a macro that another dispatches to, and all below the model that calls it
        ("macros/all.sql", "round({{ a }})", "ceil({{ a }})", {"answers", "days", "weeks"}),
        ("models/days.sql", "as b", "as c", {"days", "weeks"}),
        ("models/seen.sql", "1 as a", "2 as a", STORED),
        ("models/days_seen.sql", "select a", "select 1 as a", {"weeks"}),
        # a variable, by the macro that reads it
        ("dbt_project.yml", "limit: 30", "limit: 60", {"words"}),
        ("dbt_project.yml", "unread: 1", "unread: 2", set()),
        # what each run is told anew
        ("dbt_project.yml", "as_of: null", "as_of: '2026-03-01'", set()),
        # what no model calls, but dbt does by its name
        ("macros/all.sql", "select 1{%", "select 2{%", STORED),
        ("models/words.yml", "bigint", "numeric", {"words"}),
        ("models/words.yml", "What was said", "Every word", set()),
        ("models/words.sql", "select a", "{{ config(unique_key='a') }} select a", {"words"}),
    ],
)
def test_change_reaches(
    change: Callable[[str, str, str], set[str]], file: str, old: str, new: str, reached: set[str]
) -> None:
    assert change(file, old, new) == reached


def test_table_without_log_is_told_apart(
    change: Callable[[str, str, str], set[str]], tmp_path: Path
) -> None:
    reached = change("models/days.sql", "select a", "{{ config(materialized='table') }} select a")
    assert reached == {"days", "weeks"}
    after = read_models(tmp_path / "copy" / "target" / "manifest.json")
    assert not after["days"].is_incremental
