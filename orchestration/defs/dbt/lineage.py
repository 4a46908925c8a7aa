"""Where the columns of the models come from, as computed beforehand, and what else is shown."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import dagster as dg

LINEAGE = Path(__file__).with_name("column_lineage.json")
"""By `schema.table` and column: the columns it is made of. Written by `make golden`: to read it off
the SQL takes half a minute, which no run and no start should pay for."""


@cache
def read_lineage() -> Mapping[str, Mapping[str, list[str]]]:
    """By `schema.table` and column: `schema.table.column` of what it is made of."""
    return MappingProxyType(json.loads(LINEAGE.read_text()))


def column_lineage(key: dg.AssetKey) -> dg.TableColumnLineage | None:
    """The lineage of a table's columns, as Dagster draws it; None where none is known."""
    columns = read_lineage().get(".".join(key.path))
    if not columns:
        return None
    return dg.TableColumnLineage(
        {name: [_to_dep(source) for source in sources] for name, sources in columns.items()}
    )


def _to_dep(source: str) -> dg.TableColumnDep:
    schema, table, column = source.split(".")
    return dg.TableColumnDep(dg.AssetKey([schema, table]), column)
