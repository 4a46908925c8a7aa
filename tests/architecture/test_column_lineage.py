"""What is shown of where columns come from, held against the models themselves."""

import json
from collections.abc import Mapping
from typing import Any

import dagster as dg
import pytest

from orchestration.defs.dbt.exposures import exposure_specs
from orchestration.defs.dbt.lineage import LINEAGE, column_lineage, read_lineage
from orchestration.defs.dbt.manifest import dbt_project
from tests.architecture.column_lineage import compute_lineage

HOW = "if this is meant: make golden"


@pytest.fixture(scope="module")
def manifest() -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads(dbt_project().manifest_path.read_text())
    return read


def columns_of(manifest: Mapping[str, Any], *kinds: str) -> dict[str, set[str]]:
    nodes = [*manifest["nodes"].values(), *manifest["sources"].values()]
    tables = [node for node in nodes if node["resource_type"] in kinds]
    return {
        f"{node['schema']}.{node.get('identifier') or node['alias']}": set(node["columns"])
        for node in tables
    }


def test_every_column_of_every_model_has_its_lineage(manifest: Mapping[str, Any]) -> None:
    models = columns_of(manifest, "model")
    traced = {name: set(columns) for name, columns in read_lineage().items()}
    assert traced.keys() == models.keys(), HOW
    # A live view declares no columns: it has those of its mart.
    assert {name: traced[name] for name, found in models.items() if found} == {
        name: found for name, found in models.items() if found
    }, HOW


def test_lineage_names_columns_that_exist(manifest: Mapping[str, Any]) -> None:
    declared = columns_of(manifest, "model", "seed", "source")
    sources = {
        source for table in read_lineage().values() for found in table.values() for source in found
    }
    unknown = {
        source
        for source in sources
        if source.rpartition(".")[2] not in declared[source.rpartition(".")[0]]
    }
    assert unknown == set(), HOW


def test_column_is_traced_through_its_models() -> None:
    lineage = column_lineage(dg.AssetKey(["staging", "stg_study_events"]))
    assert lineage is not None
    xp = {(dep.asset_key.path[-1], dep.column_name) for dep in lineage.deps_by_column["xp_amount"]}
    assert xp == {("study_events", "event_type"), ("study_events", "properties")}


@pytest.mark.slow
def test_lineage_is_that_of_the_sql() -> None:
    assert compute_lineage() == json.loads(LINEAGE.read_text()), HOW


def test_exposures_end_the_graph(manifest: Mapping[str, Any]) -> None:
    specs = {spec.key.path[-1]: spec for spec in exposure_specs(manifest)}
    assert specs.keys() == {each["name"] for each in manifest["exposures"].values()}
    assert {dep.asset_key.path[0] for spec in specs.values() for dep in spec.deps} == {"marts"}
    assert all(spec.owners and spec.description for spec in specs.values())
