"""Row-for-row comparison of a mart as it should be with the mart as it is."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from numbers import Real
from uuid import UUID

import pandas as pd

KEYS: dict[str, tuple[str, ...]] = {
    "study_sessions": ("session_id",),
    "question_attempts": ("event_id",),
    "material_interactions": ("session_id", "material_id"),
    "daily_user_stats": ("user_id", "local_date"),
    "weekly_user_stats": ("user_id", "week_start_date"),
    "topic_daily_stats": ("topic_id", "local_date"),
    "user_gamification": ("user_id",),
    "topic_mastery": ("user_id", "topic_id"),
    "knowledge_gaps": ("user_id", "topic_id"),
    "mastery_history": ("user_id", "topic_id", "utc_date"),
    "user_learning_metrics": ("user_id",),
}
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Difference:
    """One disagreement: a row too few or too many (`column` is null), or a value."""

    table: str
    key: tuple[object, ...]
    column: str | None
    expected: object
    actual: object

    def __str__(self) -> str:
        names = KEYS[self.table]
        row = ", ".join(f"{name}={value}" for name, value in zip(names, self.key, strict=False))
        where = " ".join(part for part in (self.table, row, self.column) if part)
        return f"{where}: expected {self.expected}, is {self.actual}"


def compare(table: str, expected: pd.DataFrame, actual: pd.DataFrame) -> list[Difference]:
    """Compare by key, every column that `expected` has; `actual` may have more columns.

    Numbers agree within 1e-9, relative or absolute; null agrees only with null;
    arrays agree item by item, in order; objects key by key, in any.
    Raises KeyError for a table without a key in `KEYS`.
    """
    key = KEYS[table]
    missing = [name for name in expected.columns if name not in actual.columns]
    if missing:
        return [Difference(table, (), name, "a column", "missing") for name in missing]
    columns = [*expected.columns]
    expected_rows = dict(_rows(expected, key, columns))
    actual_rows: dict[tuple[object, ...], dict[str, object]] = {}
    differences = []
    for row_key, row in _rows(actual, key, columns):
        if row_key in actual_rows:
            differences.append(Difference(table, row_key, None, "one row", "more than one"))
        actual_rows[row_key] = row
    for row_key in actual_rows.keys() - expected_rows.keys():
        differences.append(Difference(table, row_key, None, "no row", "a row"))
    for row_key, row in expected_rows.items():
        if row_key not in actual_rows:
            differences.append(Difference(table, row_key, None, "a row", "no row"))
            continue
        differences.extend(
            Difference(table, row_key, name, row[name], actual_rows[row_key][name])
            for name in columns
            if not _agree(row[name], actual_rows[row_key][name])
        )
    return sorted(differences, key=lambda found: (str(found.key), found.column or ""))


def _rows(
    frame: pd.DataFrame, key: tuple[str, ...], columns: list[str]
) -> Iterator[tuple[tuple[object, ...], dict[str, object]]]:
    for values in frame[columns].itertuples(index=False, name=None):
        row = {name: _plain(value) for name, value in zip(columns, values, strict=True)}
        yield tuple(row[name] for name in key), row


def _plain(value: object) -> object:
    """One spelling for each fact, whichever library it came through."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return pd.Timestamp(value).tz_convert(UTC)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def _agree(expected: object, actual: object) -> bool:
    if isinstance(expected, Real) and isinstance(actual, Real):
        return math.isclose(expected, actual, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(expected == actual)
