"""A digest of each model's definition: equal digests, equal rows for equal events.

It is taken of what dbt wrote into its manifest: a model's code, every macro of the project the
code reaches, the settings that shape its table, the variables they read, and the digests of
what it reads. What is left out by mistake leaves rows of an older definition in a mart for
ever; what is put in needlessly costs one rebuild. So all counts but what is named here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML

from orchestration.loads.model import Model, View

# Words about a model, and what only says how it is run.
_NOT_OF_THE_ROWS = {
    "access",
    "batch_size",
    "concurrent_batches",
    "description",
    "docs",
    "enabled",
    "event_time",
    "freshness",
    "full_refresh",
    "grants",
    "group",
    "lookback",
    "packages",
    "persist_docs",
    "post-hook",
    "pre-hook",
    "static_analysis",
    "tags",
}
# Of a run, not of its rows: what each load is told, and the memory it may use.
_OF_A_RUN = {"as_of", "load", "work_mem"}
_VARIABLE = re.compile(r"""\bvar(?:_of_run)?\(\s*['"](\w+)['"]""")

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Project:
    """The models of a dbt project by name: those that are stored, and views."""

    models: Mapping[str, Model]
    views: Mapping[str, View]


def read_project(manifest: Path, given: Mapping[str, object] = MappingProxyType({})) -> Project:
    """The models of dbt's manifest, which lies in the folder `target` of the project.

    `given`: variables that runs are told beside the project's own, and that shape rows.

    Raises FileNotFoundError where there is no manifest: `dbt parse` makes it.
    """
    variables = YAML(typ="safe").load(manifest.parents[1] / "dbt_project.yml").get("vars") or {}
    reader = _Reader(json.loads(manifest.read_text()), {**variables, **given})
    return Project(reader.list_models(), reader.list_views())


class _Reader:
    def __init__(self, manifest: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        self._metadata: Node = manifest["metadata"]
        self._macros: Mapping[str, Node] = manifest["macros"]
        self._sources: Mapping[str, Node] = manifest["sources"]
        self._variables = variables
        self._seeds: Mapping[str, str] = {
            key: node["checksum"]["checksum"]
            for key, node in manifest["nodes"].items()
            if node["resource_type"] == "seed"
        }
        self._nodes: Mapping[str, Node] = {
            key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"
        }

    def list_models(self) -> dict[str, Model]:
        stored = {key: node for key, node in self._nodes.items() if _is_stored(node)}
        return {
            node["name"]: Model(
                schema=node["schema"],
                digest=self._digests[key],
                upstream=frozenset(self._nodes[each]["name"] for each in self._stored_inputs(key)),
                is_incremental=node["config"]["materialized"] == "incremental",
                log_digest=self._digest_log(key),
            )
            for key, node in stored.items()
        }

    def list_views(self) -> dict[str, View]:
        return {
            node["name"]: View(
                relation=f"{node['schema']}.{node['alias']}",
                digest=_digest({"rows": self._digests[key], "words": _list_words(node)}),
                upstream=frozenset(self._nodes[each]["name"] for each in self._stored_inputs(key)),
            )
            for key, node in self._nodes.items()
            if not _is_stored(node)
        }

    @cached_property
    def _digests(self) -> dict[str, str]:
        inputs = {key: self._inputs(key) & self._nodes.keys() for key in self._nodes}
        digests: dict[str, str] = {}
        for key in TopologicalSorter(inputs).static_order():
            digests[key] = _digest(
                {"own": self._define(key), "inputs": {each: digests[each] for each in inputs[key]}}
            )
        return digests

    def _define(self, key: str) -> Mapping[str, Any]:
        """All that shapes the rows of a model but its inputs."""
        node = self._nodes[key]
        macros = {name: self._macros[name]["macro_sql"] for name in self._reached_macros(node)}
        code = [node["raw_code"], *macros.values()]
        named = {name for text in code for name in _VARIABLE.findall(text)} - _OF_A_RUN
        config = node["config"]
        return {
            "dbt": self._metadata["dbt_version"],
            "name": [node["schema"], node["alias"]],
            "code": node["raw_code"],
            "macros": macros,
            "variables": {name: self._variables.get(name) for name in named},
            "config": {name: config[name] for name in config.keys() - _NOT_OF_THE_ROWS},
            "columns": [
                [column["name"], column.get("data_type"), column.get("constraints")]
                for column in node["columns"].values()
            ],
            "constraints": node.get("constraints"),
            "seeds": {each: self._seeds[each] for each in self._inputs(key) & self._seeds.keys()},
            "sources": {
                each: [self._sources[each]["schema"], self._sources[each]["identifier"]]
                for each in self._inputs(key) & self._sources.keys()
            },
        }

    def _digest_log(self, key: str) -> str | None:
        """Of the views through which a model reads sources, and of nothing else: what is kept of
        archived months was read by them, and stays right while this is the same.
        """
        staged = {
            each: [
                self._nodes[each]["raw_code"],
                {
                    name: self._macros[name]["macro_sql"]
                    for name in self._reached_macros(self._nodes[each], building=False)
                },
            ]
            for each in self._inputs(key) & self._nodes.keys()
            if self._inputs(each) & self._sources.keys()
        }
        return _digest(staged) if staged else None

    def _reached_macros(self, node: Node, *, building: bool = True) -> set[str]:
        """The project's macros that building a model runs, by whatever way it comes to them."""
        waiting = [*node["depends_on"]["macros"]]
        waiting += self._building_macros(node) if building else ()
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in seen and name in self._macros:
                seen.add(name)
                waiting += self._macros[name]["depends_on"]["macros"]
        own = self._metadata["project_name"]
        return {name for name in seen if self._macros[name]["package_name"] == own}

    def _building_macros(self, node: Node) -> Iterator[str]:
        # dbt finds these by their names, so that no model is noted to depend on them.
        package = self._metadata["project_name"]
        materialized = node["config"]["materialized"]
        for adapter in ("default", self._metadata["adapter_type"]):
            yield f"macro.{package}.materialization_{materialized}_{adapter}"
        for name in node["config"]["meta"].get("touched_also", ()):
            yield f"macro.{package}.{name}"

    def _inputs(self, key: str) -> set[str]:
        return set(self._nodes[key]["depends_on"]["nodes"])

    def _stored_inputs(self, key: str) -> set[str]:
        """The nearest stored models a model reads, through views."""
        found: set[str] = set()
        for each in self._inputs(key) & self._nodes.keys():
            found |= {each} if _is_stored(self._nodes[each]) else self._stored_inputs(each)
        return found


def _is_stored(node: Node) -> bool:
    """Whether a model has rows of its own: every materialization but views, named as such."""
    materialized = str(node["config"]["materialized"])
    is_view = materialized in ("view", "ephemeral") or materialized.endswith("_view")
    return not is_view or materialized == "materialized_view"


def _list_words(node: Node) -> list[str]:
    return [node["description"], *(each["description"] for each in node["columns"].values())]


def _digest(content: Mapping[str, Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
