"""Where each column of a model comes from, read from the SQL that dbt makes of it.

It takes half a minute, so it is done once and kept beside the code that shows it:

    .venv/bin/python -m tests.architecture.column_lineage
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from sqlglot import exp, parse_one
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from orchestration.defs.dbt.lineage import LINEAGE
from tests.architecture.sources import ROOT

DIALECT = "postgres"
Lineage = dict[str, dict[str, list[str]]]
Schema = dict[str, dict[str, dict[str, str]]]


def compute_lineage() -> Lineage:
    """By `schema.table` and column, the columns of its parents it is made of."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        _compile(target)
        manifest = json.loads((target / "manifest.json").read_text())
        found = {
            f"{model['schema']}.{model['alias']}": dict(_trace(model, manifest, target))
            for model in manifest["nodes"].values()
            if model["resource_type"] == "model"
        }
    # The columns of a live view are those of the mart of its name, by construction.
    for name in [name for name, columns in found.items() if not columns]:
        mart = f"marts.{name.partition('.')[2]}"
        found[name] = {column: [f"{mart}.{column}"] for column in found[mart]}
    return {name: found[name] for name in sorted(found)}


def _compile(target: Path) -> None:
    # No database is asked: as if nothing had been built, so every model is compiled whole.
    options = ("--full-refresh", "--no-introspect", "--no-populate-cache", "--log-level", "none")
    project = str(ROOT / "dbt_project")
    places = ("--project-dir", project, "--profiles-dir", project, "--target-path", str(target))
    logs = ("--log-path", str(target), "--log-level-file", "none")
    outcome = dbtRunner().invoke(["compile", *options, *places, *logs])
    if not outcome.success:
        raise RuntimeError(f"dbt cannot compile: {outcome.exception}")


def _trace(
    model: Mapping[str, Any], manifest: Mapping[str, Any], target: Path
) -> Iterator[tuple[str, list[str]]]:
    compiled = target / "compiled" / model["package_name"] / model["original_file_path"]
    schema = _schema_of(manifest)
    shown: dict[str, object] = {**schema}
    tree = parse_one(compiled.read_text(), dialect=DIALECT)
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)
    whole = qualify(tree, schema=shown, dialect=DIALECT, validate_qualify_columns=False)
    scope = build_scope(whole)
    for column in model["columns"]:
        leaves = lineage(column, whole, schema=shown, dialect=DIALECT, scope=scope).walk()
        sources = {source for leaf in leaves if (source := _source_of(leaf, schema))}
        yield column, sorted(sources)


def _source_of(leaf: Any, schema: Schema) -> str | None:
    table = None if leaf.downstream else leaf.expression.find(exp.Table)
    if table is None:
        return None
    known = schema.get(table.db, {}).get(table.name, {})
    # Of a table that is no asset, such as the stored models, it is not known what is read.
    column = exp.to_column(leaf.name).name if known else ""
    return f"{table.db}.{table.name}.{column}" if column in known else None


def _schema_of(manifest: Mapping[str, Any]) -> Schema:
    schema: Schema = {}
    for node in [*manifest["nodes"].values(), *manifest["sources"].values()]:
        if node["resource_type"] in {"model", "seed", "source"} and node["columns"]:
            table = node.get("identifier") or node["alias"]
            schema.setdefault(node["schema"], {})[table] = {
                name: column.get("data_type") or "text" for name, column in node["columns"].items()
            }
    return schema


if __name__ == "__main__":
    LINEAGE.write_text(json.dumps(compute_lineage(), indent=1) + "\n")
