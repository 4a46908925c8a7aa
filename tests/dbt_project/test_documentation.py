"""What the project says of its columns: all of them, and the same of the same."""

from collections import defaultdict
from typing import Any

import psycopg
import pytest

from tests.dbt_project.conftest import PROJECT_FOLDER, Ran
from tests.dbt_project.test_project import nodes_of

# Columns that mean something else in each mart that has them, and so are told of in each.
DIFFER = {
    "attempted_at",  # of an attempt, or the last of a date
    "mastery_high",  # now, or at a date
    "mastery_level",
    "mastery_low",
    "model_version",
    "questions_attempted",  # in all, or up to a date
    "questions_correct",
    "active_seconds",  # a sum of spans, a union of them, a sum of unions
    "chunks_read",  # in a material, at all, or summed over days
    "days_active",  # of the week, or of all time
    "duration_seconds",  # of a session; reported of a material
    "ended_at",  # of a session, null while open; of a material
    "event_count",  # of a session, or of a learner
    "first_seen_at",  # the learner, or in a topic
    "last_seen_at",
    "local_date",  # of a session, that of its first event
    "mastery_score",  # made in topic_mastery, repeated in knowledge_gaps
    "materials_completed",  # distinct, or summed over days
    "materials_viewed",
    "session_count",  # of the day, or of the week
    "session_id",  # null where an event has none
    "started_at",  # of a session, or of a material
    "study_seconds",  # of a learner, a week or a topic
    "timezone",  # of a session, or of a learner's last event
    "topic_id",  # of an event, of a material's first event, or of the row
    "topics_studied",  # of the day, or of the week, which is no sum
    "user_id",  # of a session, that of its first event
}


@pytest.fixture(scope="module")
def columns_by_model(built_on_nothing: tuple[Ran, str]) -> dict[str, set[str]]:
    """The columns of every model as the database has them, by `schema.name`."""
    built, url = built_on_nothing
    assert built.success, built.stdout
    columns: dict[str, set[str]] = defaultdict(set)
    with psycopg.connect(url) as connection:
        for schema, table, column in connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
        ):
            columns[f"{schema}.{table}"].add(column)
    return columns


def test_every_column_is_documented_and_no_other(
    manifest: dict[str, Any], columns_by_model: dict[str, set[str]]
) -> None:
    documented = {
        f"{model['schema']}.{model['name']}": set(model["columns"])
        for model in nodes_of(manifest, "model")
        if model["schema"] != "live"  # each has the columns of its mart, by construction
    }
    assert documented == {name: columns_by_model[name] for name in documented}


def test_every_column_is_described_in_the_database(
    columns_by_model: dict[str, set[str]], built_on_nothing: tuple[Ran, str]
) -> None:
    with psycopg.connect(built_on_nothing[1]) as connection:
        undescribed = connection.execute(
            """
            select attrelid::regclass::text, attname
            from pg_attribute
            inner join pg_class on pg_class.oid = attrelid
            where
                relnamespace::regnamespace::text in ('staging', 'intermediate', 'marts')
                and relkind in ('r', 'v')
                and attnum > 0
                and not attisdropped
                and coalesce(col_description(attrelid, attnum), '') = ''
            """
        ).fetchall()
    assert columns_by_model
    assert undescribed == []


def test_columns_of_one_name_mean_the_same_in_all_marts(manifest: dict[str, Any]) -> None:
    said: dict[str, set[str]] = defaultdict(set)
    for model in nodes_of(manifest, "model"):
        if model["schema"] == "marts":
            for column in model["columns"].values():
                said[column["name"]].add(" ".join(column["description"].split()))
    assert {name for name, texts in said.items() if len(texts) > 1} == DIFFER


def test_every_shared_text_is_used_by_three_models(manifest: dict[str, Any]) -> None:
    written = "\n".join(path.read_text() for path in (PROJECT_FOLDER / "models").rglob("*.yml"))
    uses = {
        doc["name"]: written.count(f"doc('{doc['name']}')")
        for doc in manifest["docs"].values()
        if doc["name"].startswith("col_")
    }
    assert uses
    assert {name: times for name, times in uses.items() if times < 3} == {}


def test_exposures_read_marts_only(manifest: dict[str, Any]) -> None:
    read = {
        manifest["nodes"][node]["schema"]
        for exposure in manifest["exposures"].values()
        for node in exposure["depends_on"]["nodes"]
    }
    assert read == {"marts"}


def test_exposures_belong_to_the_group(manifest: dict[str, Any]) -> None:
    owners = [group["owner"]["email"] for group in manifest["groups"].values()]
    assert manifest["exposures"]
    for exposure in manifest["exposures"].values():
        assert [exposure["owner"]["email"]] == owners, exposure["name"]


def test_every_mart_has_a_reader(manifest: dict[str, Any]) -> None:
    read = {
        node
        for exposure in manifest["exposures"].values()
        for node in exposure["depends_on"]["nodes"]
    }
    marts = {m["unique_id"] for m in nodes_of(manifest, "model") if m["schema"] == "marts"}
    assert marts <= read
