"""The whole asset graph, held against a golden file: no asset, edge or check comes or goes unseen.

Where a change is meant, write the file anew and commit it with the change:

    .venv/bin/python -m tests.architecture.test_asset_graph
"""

import json
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import defs
from quality.suites import MARTS

GOLDEN = Path(__file__).with_name("asset_graph.json")
HOW = "if this is meant: .venv/bin/python -m tests.architecture.test_asset_graph"


def describe_graph(definitions: dg.Definitions) -> dict[str, object]:
    graph = definitions.resolve_asset_graph()
    checks: dict[str, list[str]] = {}
    for key in graph.asset_check_keys:
        checks.setdefault(name_of(key.asset_key), []).append(key.name)
    return {
        name_of(key): {
            "group": graph.get(key).group_name,
            "deps": sorted(name_of(parent) for parent in graph.get(key).parent_keys),
            "checks": sorted(checks.pop(name_of(key), [])),
        }
        for key in sorted(graph.get_all_asset_keys())
    } | {f"(no asset) {name}": sorted(names) for name, names in checks.items()}


def name_of(key: dg.AssetKey) -> str:
    return ".".join(key.path)


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return defs()


def test_asset_graph_is_the_golden_one(definitions: dg.Definitions) -> None:
    assert describe_graph(definitions) == json.loads(GOLDEN.read_text()), HOW


def test_every_asset_says_what_it_is(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert [
        name_of(key) for key in graph.get_all_asset_keys() if not graph.get(key).description
    ] == []


def test_every_asset_has_an_owner_and_a_kind(definitions: dg.Definitions) -> None:
    specs = definitions.resolve_all_asset_specs()
    assert [name_of(spec.key) for spec in specs if not spec.owners or not spec.kinds] == []


def test_every_table_we_build_has_a_term_it_is_late_after(definitions: dg.Definitions) -> None:
    layers = {"raw", "intermediate", "marts"}
    specs = [spec for spec in definitions.resolve_all_asset_specs() if spec.key.path[0] in layers]
    assert [name_of(spec.key) for spec in specs if spec.freshness_policy is None] == []


def test_every_mart_has_a_suite(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    marts = {key.path[1] for key in graph.get_all_asset_keys() if key.path[0] == "marts"}
    assert marts == {suite.table for suite in MARTS}


def test_group_is_the_schema(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert all(graph.get(key).group_name == key.path[0] for key in graph.get_all_asset_keys())


def test_every_mart_has_checks(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    checked = {key.asset_key for key in graph.asset_check_keys}
    marts = {key for key in graph.get_all_asset_keys() if key.path[0] == "marts"}
    assert marts
    assert marts <= checked


def test_every_asset_of_ours_is_materialized_by_the_pipeline(
    definitions: dg.Definitions,
) -> None:
    """But for what is fitted once a week, what the app tells by itself, the log's months, and the
    audit: they have jobs of their own.
    """
    night, week, hour, months, audit = (
        set(definitions.resolve_job_def(name).asset_layer.executable_asset_keys)
        for name in ("pipeline_job", "weekly_job", "streaks_job", "retention_job", "audit_job")
    )
    everything = definitions.resolve_asset_graph().materializable_asset_keys
    assert night | hour | week | months | audit == set(everything)
    assert hour == {dg.AssetKey(["gamification", "streak_broken"])}
    assert week - night == {dg.AssetKey(["ops", "mastery_models"])}
    assert months == {dg.AssetKey(["ops", "archives"])}
    assert audit == {dg.AssetKey(["audit", "data_access"])}
    assert not (night | week) & (hour | months | audit)


def test_only_raw_the_seeds_and_the_servers_timezones_have_no_parents(
    definitions: dg.Definitions,
) -> None:
    graph = definitions.resolve_asset_graph()
    roots = {name_of(key) for key in graph.get_all_asset_keys() if not graph.get(key).parent_keys}
    # The timezones the server can compute with are asked of the server.
    raw = {"raw.study_events", "raw.failed_events", "raw.landings"}
    # What the exam asks is a file of the project.
    seeds = {"intermediate.topics", "intermediate.topic_prerequisites"}
    own = {"intermediate.int_timezones_known", "audit.data_access"}
    assert roots == raw | seeds | own


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(describe_graph(defs()), indent=2) + "\n")
