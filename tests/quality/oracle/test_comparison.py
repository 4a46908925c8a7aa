from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pandas as pd
import pytest

from quality.oracle import compare
from tests.quality.streams import named

DAY = date(2025, 3, 10)


def days(**values: object) -> pd.DataFrame:
    row = {"user_id": str(named("ann")), "local_date": DAY, "accuracy": 0.5, "searches": 1}
    return pd.DataFrame([row | values], dtype=object)


def test_comparison_finds_equal_marts_equal() -> None:
    assert compare("daily_user_stats", days(), days(user_id=named("ann"), more=1)) == []


def test_comparison_names_the_row_and_the_column() -> None:
    (difference,) = compare("daily_user_stats", days(), days(accuracy=0.25))

    assert str(difference) == (
        f"daily_user_stats user_id={named('ann')}, local_date=2025-03-10 accuracy: "
        "expected 0.5, is 0.25"
    )


@pytest.mark.parametrize(
    ("expected", "actual", "agree"),
    [
        (0.1 + 0.2, 0.3, True),
        (1e12, 1e12 + 2_000, False),
        (1e12, 1e12 + 500, True),
        (0.0, 1e-10, True),
        (0.0, 1e-8, False),
        (None, None, True),
        (None, float("nan"), True),
        (None, 0.0, False),
        (0.0, None, False),
        (True, False, False),
        ("a", "b", False),
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["b", "a"], False),
        (["a"], ["a", "a"], False),
        ([], [], True),
        ([], None, False),
        (["a"], '["a"]', False),
        ({"a": 1, "b": None}, {"b": None, "a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": 1, "b": None}, {"a": 1}, False),
        ({"a": 1}, {"a": "1"}, False),
        ({}, None, False),
        (UUID(int=1), str(UUID(int=1)), True),
        (
            datetime(2025, 3, 10, 9, tzinfo=UTC),
            datetime(2025, 3, 10, 10, tzinfo=timezone(timedelta(hours=1))),
            True,
        ),
        (
            datetime(2025, 3, 10, 9, tzinfo=UTC),
            datetime(2025, 3, 10, 9, 0, 0, 1, tzinfo=UTC),
            False,
        ),
    ],
)
def test_comparison_agrees_on_values_that_mean_the_same(
    expected: object, actual: object, agree: bool
) -> None:
    found = compare("daily_user_stats", days(value=expected), days(value=actual))

    assert (found == []) is agree


def test_comparison_reports_missing_unexpected_and_repeated_rows() -> None:
    expected = pd.concat([days(), days(searches=2, local_date=date(2025, 3, 11))])
    actual = pd.concat([days(), days(), days(local_date=date(2025, 3, 12))])

    found = [str(difference) for difference in compare("daily_user_stats", expected, actual)]

    assert [text.split("local_date=")[1] for text in found] == [
        "2025-03-10: expected one row, is more than one",
        "2025-03-11: expected a row, is no row",
        "2025-03-12: expected no row, is a row",
    ]


def test_comparison_reports_a_missing_column() -> None:
    (difference,) = compare("daily_user_stats", days(), days().drop(columns=["searches"]))

    assert str(difference) == "daily_user_stats searches: expected a column, is missing"
