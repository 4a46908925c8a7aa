"""What a suite is: checks on one mart, declared as data.

Great Expectations takes five seconds to import; declared this way, the checks can be listed (by
the orchestrator, when it loads its definitions) without it, and only a run pays for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Severity(StrEnum):
    """What a failed check means: numbers are wrong, or somebody should look."""

    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True)
class Check:
    """A fact that a table must show.

    `name` is the fact in snake case; `expectation` names the class in
    `great_expectations.expectations`, `arguments` what it is made with.
    """

    name: str
    description: str
    expectation: str
    arguments: Mapping[str, object]
    column: str | None = None
    severity: Severity = Severity.CRITICAL


@dataclass(frozen=True)
class Suite:
    """The checks of one mart. `columns`: each column's type by the name PostgreSQL gives it."""

    table: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    checks: tuple[Check, ...]

    @property
    def name(self) -> str:
        """The suite's name: that of its table."""
        return self.table


def make_suite(
    table: str,
    *,
    key: tuple[str, ...],
    columns: Mapping[str, str],
    nullable: Sequence[str],
    checks: Sequence[Check],
) -> Suite:
    """Give a suite the checks every mart has (its columns, its nulls, its key) and its own."""
    required = [name for name in columns if name not in nullable]
    common = (
        _columns_are_there(columns),
        _columns_have_types(table, columns),
        fact(
            "required_values_are_never_null",
            "Every column but those whose definition allows it holds a value in every row.",
            broken_when=f"num_nulls({', '.join(required)}) > 0",
        ),
        _key_is_unique(key),
    )
    return Suite(table, key, MappingProxyType({**columns}), (*common, *checks))


def fact(
    name: str,
    description: str,
    *,
    broken_when: str,
    column: str | None = None,
    severity: Severity = Severity.CRITICAL,
) -> Check:
    """Make a check of a SQL condition that no row may meet."""
    return query(
        name,
        description,
        f"select * from {{batch}} where {broken_when}",  # noqa: S608 (a constant of a suite)
        column=column,
        severity=severity,
    )


def query(
    name: str,
    description: str,
    offenders: str,
    *,
    column: str | None = None,
    severity: Severity = Severity.CRITICAL,
) -> Check:
    """Make a check of a query over `{batch}` (a derived table) that may return no row."""
    arguments = {"unexpected_rows_query": offenders}
    return Check(name, description, "UnexpectedRowsExpectation", arguments, column, severity)


def never_negative(name: str, *columns: str) -> Check:
    """Make a check that none of these columns falls below zero."""
    return fact(
        name,
        f"None of {', '.join(columns)} is below zero.",
        broken_when=f"least({', '.join(columns)}) < 0",
    )


def between(column: str, low: float, high: float, *, unit: str) -> Check:
    """Make a check that a column, where it is reported, lies within its range."""
    return Check(
        f"{column}_is_between_{low}_and_{high}",
        f"{column}, where there is one, lies between {low} and {high} ({unit}).",
        "ExpectColumnValuesToBeBetween",
        {"column": column, "min_value": low, "max_value": high},
        column,
    )


def one_of(column: str, *values: str) -> Check:
    """Make a check that a column holds nothing but these values."""
    return Check(
        f"{column}_is_one_of_the_known",
        f"{column} is {', '.join(values[:-1])} or {values[-1]}.",
        "ExpectColumnValuesToBeInSet",
        {"column": column, "value_set": [*values]},
        column,
    )


def answers_add_up() -> tuple[Check, ...]:
    """Make the checks of a mart that counts answers and gives their accuracy."""
    return (
        fact(
            "correct_answers_never_exceed_attempts",
            "questions_correct counts a part of questions_attempted.",
            broken_when="questions_correct > questions_attempted",
            column="questions_correct",
        ),
        fact(
            "accuracy_is_the_share_of_correct_answers",
            "accuracy is questions_correct / questions_attempted; null without attempts.",
            broken_when="(accuracy is null) <> (questions_attempted = 0)"
            " or abs(accuracy * questions_attempted - questions_correct) > 1e-6",
            column="accuracy",
        ),
    )


def completed_within_viewed() -> Check:
    """Make the check of a mart that counts materials viewed and those completed."""
    return fact(
        "completed_materials_never_exceed_viewed",
        "materials_completed counts a part of materials_viewed.",
        broken_when="materials_completed > materials_viewed",
        column="materials_completed",
    )


def active_within_study() -> Check:
    """Make the check of a mart that measures study time and what of it was active."""
    return fact(
        "active_seconds_never_exceed_study_seconds",
        "Active time is a part of study time.",
        broken_when="active_seconds > study_seconds + 1e-6",
        column="active_seconds",
    )


def _columns_are_there(columns: Mapping[str, str]) -> Check:
    return Check(
        "columns_are_all_there",
        "Every column that readers rely on exists; there may be more.",
        "ExpectTableColumnsToMatchSet",
        {"column_set": [*columns], "exact_match": False},
    )


def _columns_have_types(table: str, columns: Mapping[str, str]) -> Check:
    declared = ", ".join(f"('{name}', '{data_type}')" for name, data_type in columns.items())
    # The catalogue is asked, not the rows: an empty table has types too. The batch is named in a
    # comment because Great Expectations prints a warning at a query without it.
    return query(
        "columns_have_their_types",
        "Every column has exactly the type readers rely on.",
        f"""
        select declared.column_name, declared.data_type as expected, actual.data_type as observed
        from (values {declared}) as declared (column_name, data_type)
        join information_schema.columns as actual using (column_name)
        where actual.table_schema = 'marts' and actual.table_name = '{table}'
            and actual.data_type <> declared.data_type /* {{batch}} */
        """,  # noqa: S608 (constants of a suite)
    )


def _key_is_unique(key: tuple[str, ...]) -> Check:
    if len(key) == 1:
        return Check(
            f"{key[0]}_is_unique",
            f"There is one row per {key[0]}.",
            "ExpectColumnValuesToBeUnique",
            {"column": key[0]},
            key[0],
        )
    return Check(
        f"{'_and_'.join(key)}_are_unique",
        f"There is one row per {' and '.join(key)}.",
        "ExpectCompoundColumnsToBeUnique",
        {"column_list": [*key]},
    )
