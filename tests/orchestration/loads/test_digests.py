"""Digests of a small project that dbt parses: what a change of a definition reaches."""

import shutil
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from dbt.cli.main import dbtRunner

from orchestration.defs.dbt.manifest import PROJECT_FOLDER, dbt_project
from orchestration.loads.digests import Project, read_project

# answers -> days -> weeks; words beside them, which read the same view.
FILES = {
    "dbt_project.yml": """
        name: small
        version: "1.0.0"
        profile: study_analytics
        flags: {send_anonymous_usage_stats: false}
        vars: {limit: 30, as_of: null, fit: 1, unread: 1}
        models: {small: {+materialized: incremental}}
        """,
    "models/seen.sql": "{{ config(materialized='view') }} select 1 as a",
    "models/answers.sql": "select {{ rounded('a') }} as a from {{ ref('seen') }}",
    "models/days.sql": """
        select a, {{ var('as_of') }} as b, {{ var_of_run('fit') }} as d from {{ ref('answers') }}
        """,
    "models/days_seen.sql": """
        {{ config(materialized='kept_view') }}
        select a from {{ ref('days') }}
        """,
    "models/weeks.sql": "select a from {{ ref('days_seen') }}",
    "models/words.sql": "select a from {{ ref('seen') }} where a < {{ ceiling() }}",
    "models/words.yml": """
        models:
          - name: words
            description: What was said.
            columns: [{name: a, data_type: bigint}]
          - {name: seen, description: All that was seen.}
        """,
    "macros/all.sql": """
        {% macro rounded(a) %}{{ return(adapter.dispatch('rounded')(a)) }}{% endmacro %}
        {% macro postgres__rounded(a) %}round({{ a }}){% endmacro %}
        {% macro var_of_run(name) %}{{ return(var(name)) }}{% endmacro %}
        {% macro ceiling() %}{{ var('limit') }}{% endmacro %}
        {% materialization incremental, default %}{{ return(compare(1)) }}{% endmaterialization %}
        {% macro compare(given) %}select 1{% endmacro %}
        {% materialization kept_view, default %}{{ return({}) }}{% endmaterialization %}
        """,
}
STORED = {"answers", "days", "weeks", "words"}


def parse(folder: Path) -> Project:
    # In this process: of the seconds the command takes most are its imports.
    options = ["--project-dir", str(folder), "--profiles-dir", str(PROJECT_FOLDER)]
    options += ["--target-path", str(folder / "target"), "--log-level-file", "none"]
    result = dbtRunner().invoke(["--quiet", "parse", "--no-partial-parse", *options])
    assert result.success, result.exception
    return read_project(folder / "target" / "manifest.json")


def write_project(folder: Path) -> None:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    parse(folder)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    write_project(folder)
    return folder


@pytest.fixture
def defined(project: Path) -> Project:
    return read_project(project / "target" / "manifest.json")


@pytest.fixture
def change(project: Path, defined: Project, tmp_path: Path) -> Callable[[str, str, str], set[str]]:
    """Change a word in a file of a copy, and give the models and views whose digest is another."""

    def run(file: str, old: str, new: str) -> set[str]:
        folder = tmp_path / "copy"
        shutil.copytree(project, folder, ignore=shutil.ignore_patterns("target"))
        path = folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        before, after = list_digests(defined), list_digests(parse(folder))
        assert after.keys() == before.keys()
        return {name for name, digest in after.items() if digest != before[name]}

    return run


def list_digests(defined: Project) -> dict[str, str]:
    return {
        name: each.digest for kind in (defined.models, defined.views) for name, each in kind.items()
    }


def test_stored_models_are_listed_with_the_tables_they_read(defined: Project) -> None:
    assert {name: set(model.upstream) for name, model in defined.models.items()} == {
        "answers": set(),
        "days": {"answers"},
        "weeks": {"days"},
        "words": set(),
    }
    assert all(model.is_incremental for model in defined.models.values())


def test_views_are_listed_with_the_tables_they_read(defined: Project) -> None:
    assert {
        view.relation.partition(".")[2]: set(view.upstream) for view in defined.views.values()
    } == {
        "seen": set(),
        "days_seen": {"days"},
    }


@pytest.mark.parametrize(
    ("file", "old", "new", "reached"),
    [
        # a macro that another dispatches to, and all below the model that calls it
        (
            "macros/all.sql",
            "round({{ a }})",
            "ceil({{ a }})",
            {"answers", "days", "days_seen", "weeks"},
        ),
        ("models/days.sql", "as b", "as c", {"days", "days_seen", "weeks"}),
        ("models/seen.sql", "1 as a", "2 as a", {"seen", "days_seen", *STORED}),
        ("models/days_seen.sql", "select a", "select 1 as a", {"days_seen", "weeks"}),
        # a variable, by the macro that reads it
        ("dbt_project.yml", "limit: 30", "limit: 60", {"words"}),
        ("dbt_project.yml", "unread: 1", "unread: 2", set()),
        ("dbt_project.yml", "fit: 1", "fit: 2", {"days", "days_seen", "weeks"}),
        # what each run is told anew
        ("dbt_project.yml", "as_of: null", "as_of: '2026-03-01'", set()),
        # what no model calls, but dbt does by its name
        ("macros/all.sql", "select 1{%", "select 2{%", {"days_seen", *STORED}),
        ("models/words.yml", "bigint", "numeric", {"words"}),
        ("models/words.yml", "What was said", "Every word", set()),
        # a view is written with its words
        ("models/words.yml", "All that was seen", "Whatever", {"seen"}),
        ("models/words.sql", "select a", "{{ config(unique_key='a') }} select a", {"words"}),
        ("models/words.sql", "select a", "{{ config(meta={'key': 'a'}) }} select a", {"words"}),
        (
            "models/words.yml",
            "description: What",
            "config: {tags: new}\n    description: What",
            set(),
        ),
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
    assert reached == {"days", "days_seen", "weeks"}
    after = read_project(tmp_path / "copy" / "target" / "manifest.json").models
    assert not after["days"].is_incremental


def test_every_table_of_the_project_keeps_a_log() -> None:
    # One that keeps none would have all below it built whole by every load.
    models = read_project(dbt_project().manifest_path).models
    assert models
    assert [name for name, model in models.items() if not model.is_incremental] == []
