"""The project itself: what dbt can tell of it without a database."""

from typing import Any

import pytest

from tests.dbt_project.conftest import Dbt

MARTS = {
    "study_sessions": {"session_id"},
    "question_attempts": {"event_id"},
    "material_interactions": {"session_id", "material_id"},
    "daily_user_stats": {"user_id", "local_date"},
    "weekly_user_stats": {"user_id", "week_start_date"},
    "topic_daily_stats": {"topic_id", "local_date"},
    "user_gamification": {"user_id"},
    "topic_mastery": {"user_id", "topic_id"},
    "knowledge_gaps": {"user_id", "topic_id"},
    "mastery_history": {"user_id", "topic_id", "utc_date"},
    "user_learning_metrics": {"user_id"},
}


def nodes_of(manifest: dict[str, Any], resource_type: str) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == resource_type]


def test_every_model_says_its_grain(manifest: dict[str, Any]) -> None:
    for model in nodes_of(manifest, "model"):
        *_, last = model["description"].strip().split(". ")
        assert last.startswith("One row per "), model["name"]
        assert last.endswith("."), model["name"]


def test_every_schema_is_its_folder(manifest: dict[str, Any]) -> None:
    for model in nodes_of(manifest, "model"):
        assert model["schema"] == model["fqn"][1], model["name"]


def test_only_staging_reads_raw(manifest: dict[str, Any]) -> None:
    sources = set(manifest["sources"])
    readers = {
        model["name"]
        for model in nodes_of(manifest, "model")
        if sources.intersection(model["depends_on"]["nodes"])
    }
    assert readers == {"stg_study_events"}


@pytest.mark.parametrize(("name", "key"), MARTS.items())
def test_mart_is_under_contract(manifest: dict[str, Any], name: str, key: set[str]) -> None:
    mart = manifest["nodes"][f"model.study_analytics.{name}"]
    assert mart["contract"]["enforced"]
    assert mart["access"] == "public"
    for column in mart["columns"].values():
        assert column["data_type"], column["name"]
        assert column["description"].strip(), column["name"]
    keyed = {
        column["name"]
        for column in mart["columns"].values()
        for constraint in column["constraints"]
        if constraint["type"] == "primary_key"
    }
    for constraint in mart["constraints"]:
        keyed.update(constraint["columns"])
    assert keyed == key


def test_every_column_of_a_model_is_described(manifest: dict[str, Any]) -> None:
    undescribed = [
        (model["name"], column["name"])
        for model in nodes_of(manifest, "model")
        for column in model["columns"].values()
        if not column["description"].strip()
    ]
    assert undescribed == []


def test_every_key_is_tested(manifest: dict[str, Any]) -> None:
    tested = {
        node["attached_node"]
        for node in nodes_of(manifest, "test")
        if node.get("test_metadata", {}).get("name")
        in ("unique", "unique_combination", "fingerprint")
    }
    # A view of at most two rows of each event placed, on its date and on a later one (which
    # midnights_lie_in_their_span asserts): its key is unique where that of the events is.
    derived = {"model.study_analytics.int_spans_cut"}
    # The events of staging and those kept of archived months, which are never in both: event_id is
    # unique in int_events_placed, whose events are held against these.
    derived |= {"model.study_analytics.int_events_logged"}
    # A live view has the rows of its mart: the exactness tests hold the two against each other.
    derived |= {
        model["unique_id"] for model in nodes_of(manifest, "model") if model["schema"] == "live"
    }
    # Read by a fit once a week: to look for their keys each night would cost as much as the fit.
    derived |= {
        "model.study_analytics.mastery_answer_features",
        "model.study_analytics.mastery_fitted_difficulties",
    }
    seeds = {seed["unique_id"] for seed in nodes_of(manifest, "seed")}
    assert tested - seeds == {model["unique_id"] for model in nodes_of(manifest, "model")} - derived


def test_as_of_without_an_offset_is_refused(dbt: Dbt) -> None:
    refused = dbt("parse", "--no-partial-parse", as_of="2025-06-02T10:00:00")
    assert not refused.success
    assert "as_of has no UTC offset" in refused.stdout
