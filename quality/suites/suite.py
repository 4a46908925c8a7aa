"""What a suite is: checks on one table, declared as data.

Great Expectations takes five seconds to import; declared this way, the checks can be listed (by
the orchestrator, when it loads its definitions) without it, and only a run pays for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

NO_ROW_WHERE = "ExpectNoRowWhere"
NO_ROW_FROM = "ExpectNoRowFrom"


class Severity(StrEnum):
    """What a failed check means: numbers are wrong, or somebody should look."""

    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True)
class Check:
    """A fact that a table must show.

    `name` is the fact in snake case; `expectation` names the class in `quality/expectations.py` or
    `great_expectations.expectations`, `arguments` what it is made with. Of a `blocking` one the
    next layer is not built once it fails: for what would be wrong there too.
    """

    name: str
    description: str
    expectation: str
    arguments: Mapping[str, object]
    column: str | None = None
    severity: Severity = Severity.CRITICAL
    blocking: bool = False


@dataclass(frozen=True)
class Suite:
    """The checks of one table. `columns`: each column's type by the name PostgreSQL gives it.

    `rows` is the query of the rows judged, where it is not the whole table. `private` columns are
    never shown of an offending row: a finding is read by more people than the table.
    SQL of a suite may hold `{as_of}`, the instant it is judged at, and the other names that
    `quality/moment.py` puts in.
    """

    table: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    checks: tuple[Check, ...]
    schema: str = "marts"
    rows: str | None = None
    private: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The suite's name: that of its table."""
        return self.table


def make_suite(  # noqa: PLR0913 (what there is to say of it)
    table: str,
    *,
    key: tuple[str, ...],
    columns: Mapping[str, str],
    nullable: Sequence[str],
    checks: Sequence[Check],
    private: Sequence[str] = (),
) -> Suite:
    """Give a suite the checks every mart has (its columns, its nulls, its key) and its own."""
    required = [name for name in columns if name not in nullable]
    common = (
        _columns_are_there(columns),
        columns_have_types("marts", table, columns),
        fact(
            "required_values_are_never_null",
            "Every column but those whose definition allows it holds a value in every row.",
            broken_when=f"num_nulls({', '.join(required)}) > 0",
        ),
        _key_is_unique(key),
    )
    checked = MappingProxyType({**columns})
    return Suite(table, key, checked, (*common, *checks), private=frozenset(private))


def fact(  # noqa: PLR0913 (what there is to say of it)
    name: str,
    description: str,
    *,
    broken_when: str,
    column: str | None = None,
    severity: Severity = Severity.CRITICAL,
    blocking: bool = False,
) -> Check:
    """Make a check of a SQL condition that no row may meet.

    It must be of a row alone: the facts of a table are counted together, in one reading of it.
    """
    arguments = {"condition": broken_when}
    return Check(name, description, NO_ROW_WHERE, arguments, column, severity, blocking)


def query(  # noqa: PLR0913 (what there is to say of it)
    name: str,
    description: str,
    offenders: str,
    *,
    column: str | None = None,
    severity: Severity = Severity.CRITICAL,
    blocking: bool = False,
) -> Check:
    """Make a check of a query over `{batch}` (a derived table) that may return no row.

    It reads the table once more, so `fact` is the cheaper one where it will do.
    """
    if "{batch}" not in offenders:
        # Great Expectations prints a warning at a query that reads other tables alone.
        offenders = f"{offenders} /* {{batch}} */"
    arguments = {"unexpected_rows_query": offenders}
    return Check(name, description, NO_ROW_FROM, arguments, column, severity, blocking)


def never_negative(name: str, *columns: str) -> Check:
    """Make a check that none of these columns falls below zero."""
    return fact(
        name,
        f"None of {', '.join(columns)} is below zero.",
        broken_when=f"least({', '.join(columns)}) < 0",
    )


def between(column: str, low: float, high: float, *, unit: str) -> Check:
    """Make a check that a column, where it is reported, lies within its range."""
    # Great Expectations has a class for it, which reads the table once for each column.
    return fact(
        f"{column}_is_between_{low}_and_{high}",
        f"{column}, where there is one, lies between {low} and {high} ({unit}).",
        broken_when=f"{column} not between {low} and {high}",
        column=column,
    )


def one_of(column: str, *values: str) -> Check:
    """Make a check that a column holds nothing but these values."""
    known = ", ".join(f"'{value}'" for value in values)
    return fact(
        f"{column}_is_one_of_the_known",
        f"{column} is {', '.join(values[:-1])} or {values[-1]}.",
        broken_when=f"{column} not in ({known})",
        column=column,
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
    """Make the check that a table has all these columns."""
    return Check(
        "columns_are_all_there",
        "Every column that readers rely on exists; there may be more.",
        "ExpectTableColumnsToMatchSet",
        {"column_set": [*columns], "exact_match": False},
    )


def columns_have_types(schema: str, table: str, columns: Mapping[str, str]) -> Check:
    """Make the check that a table's columns have their types, asked of the catalogue."""
    declared = ", ".join(f"('{name}', '{data_type}')" for name, data_type in columns.items())
    # The catalogue is asked, not the rows: an empty table has types too.
    return query(
        "columns_have_their_types",
        "Every column has exactly the type readers rely on.",
        f"""
        select declared.column_name, declared.data_type as expected, actual.data_type as observed
        from (values {declared}) as declared (column_name, data_type)
        join information_schema.columns as actual using (column_name)
        where actual.table_schema = '{schema}' and actual.table_name = '{table}'
            and actual.data_type <> declared.data_type
        """,  # noqa: S608 (constants of a suite)
    )


def _key_is_unique(key: tuple[str, ...]) -> Check:
    columns = ", ".join(key)
    verb = "is_unique" if len(key) == 1 else "are_unique"
    return query(
        f"{'_and_'.join(key)}_{verb}",
        f"There is one row per {' and '.join(key)}.",
        f"select {columns}, count(*) as row_count from {{batch}}"  # noqa: S608
        f" where num_nulls({columns}) = 0 group by {columns} having count(*) > 1",
        column=key[0] if len(key) == 1 else None,
    )
