"""Marts held against what they have to be, and every difference laid at the door of its case."""

from collections.abc import Mapping
from datetime import datetime

import pandas as pd

from quality.oracle import Difference, compare
from quality.oracle.comparison import KEYS
from quality.oracle.database import verify_marts
from tests.exactness.cases import Namespaces
from tests.exactness.warehouse import Warehouse

Differences = dict[int | None, list[str]]
"""By the number of the case; None for rows that belong to no case."""


def differ_from_oracle(
    warehouse: Warehouse, as_of: datetime, namespaces: Namespaces
) -> Differences:
    """What the marts differ in from the definitions, on all committed events."""
    found = verify_marts(warehouse.transform_url, as_of)
    return _lay(found, namespaces, "oracle")


def differ(
    expected: Mapping[str, pd.DataFrame],
    actual: Mapping[str, pd.DataFrame],
    namespaces: Namespaces,
    what: str,
) -> Differences:
    """What the tables that both have differ in, to the last bit; `what` says what was compared."""
    found = {
        table: compare(table, expected[table], actual[table])
        or _compare_bits(table, expected[table], actual[table])
        for table in expected
        if table in actual
    }
    return _lay(found, namespaces, what)


def merge(*found: Differences) -> Differences:
    """All of several findings."""
    merged: Differences = {}
    for differences in found:
        for number, texts in differences.items():
            merged.setdefault(number, []).extend(texts)
    return merged


def _compare_bits(table: str, expected: pd.DataFrame, actual: pd.DataFrame) -> list[Difference]:
    """Differences below the tolerance: none, for what is computed from the same events by the same
    SQL. A float summed up in the order in which rows happen to lie shows here.
    """
    rows, others = (_rows(table, frame) for frame in (expected, actual))
    return [
        Difference(table, key, name, value, others[key][name])
        for key, row in rows.items()
        for name, value in row.items()
        if repr(value) != repr(others[key][name])
    ]


def _rows(table: str, frame: pd.DataFrame) -> dict[tuple[object, ...], dict[str, object]]:
    rows = ({str(k): v for k, v in row.items()} for row in frame.to_dict("records"))
    return {tuple(row[name] for name in KEYS[table]): row for row in rows}


def _lay(found: Mapping[str, list[Difference]], namespaces: Namespaces, what: str) -> Differences:
    laid: Differences = {}
    for differences in found.values():
        for difference in differences:
            laid.setdefault(namespaces.find(difference.key), []).append(f"{what}: {difference}")
    return laid
