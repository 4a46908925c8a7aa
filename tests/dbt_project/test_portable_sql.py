"""What only one engine understands stands in macros: the rest of the models is any engine's SQL."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import sqlglot
from sqlfluff.core import FluffConfig
from sqlglot import Dialect, exp

from dbt_project.sqlfluff.adapter import STAND_IN
from tests.dbt_project.conftest import PROJECT_FOLDER

MODELS = PROJECT_FOLDER / "models"
# The live views are functions of PostgreSQL, and no other engine builds them.
ONLY_OF_POSTGRES = MODELS / "live"
DIALECTS = ("duckdb", "spark")

# What every engine calls by the same name and means the same by.
FUNCTIONS = {
    *("and", "or", "if", "case", "cast", "try_cast", "coalesce", "nullif"),
    *("count", "sum", "min", "max", "avg", "logical_or"),
    *("row_number", "lag", "lead"),
    *("greatest", "least", "abs", "round", "sqrt", "left", "current_timestamp"),
}
TYPES = {exp.DataType.Type.BIGINT, exp.DataType.Type.DOUBLE, exp.DataType.Type.TEXT}
# What PostgreSQL understands, and others do not or mean something else by.
FOREIGN = (
    exp.AtTimeZone,
    exp.Bracket,
    exp.Collate,
    exp.Filter,
    exp.ILike,
    exp.Interval,
    exp.JSONExtract,
    exp.JSONExtractScalar,
    exp.Lateral,
    exp.WithinGroup,
)


def models() -> list[Path]:
    return sorted(
        path for path in MODELS.rglob("*.sql") if not path.is_relative_to(ONLY_OF_POSTGRES)
    )


@cache
def linting() -> FluffConfig:
    return FluffConfig.from_path(str(MODELS))


def write_out(path: Path) -> str:
    """The SQL of a model, with a call of a function where engines have macros of their own."""
    templater = linting().get_templater()
    templated, problems = templater.process(
        in_str=path.read_text(), fname=str(path), config=linting()
    )
    assert problems == []
    return str(templated)


def find_foreign(query: str, dialect: str) -> Iterator[str]:
    """What in a query is not every engine's. Raises ParseError where the dialect cannot read it."""
    tokens = Dialect.get_or_raise(dialect).tokenize(query)
    if any(token.token_type.name == "DCOLON" for token in tokens):
        yield "::"
    for node in sqlglot.parse_one(query, dialect=dialect).walk():
        if isinstance(node, FOREIGN) or (isinstance(node, exp.Distinct) and node.args.get("on")):
            yield type(node).__name__
        elif isinstance(node, exp.Anonymous):
            if not node.name.startswith(STAND_IN):
                yield node.name
        elif isinstance(node, exp.Func) and node.sql_name().lower() not in FUNCTIONS:
            yield node.sql_name()
        elif isinstance(node, exp.DataType) and node.this not in TYPES:
            yield node.sql()


@pytest.mark.parametrize("path", models(), ids=lambda path: path.stem)
def test_model_is_written_in_the_sql_of_every_engine(path: Path) -> None:
    query = write_out(path)

    assert {name: {*find_foreign(query, name)} for name in DIALECTS} == {
        name: set() for name in DIALECTS
    }


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "expression",
    [
        "a::bigint",
        "distinct on (a) a",
        "count(*) filter (where a > 0)",
        "a at time zone 'UTC'",
        "a ->> 'key'",
        "a -> 'key'",
        "(array_agg(a order by b))[1]",
        "cast(a as jsonb)",
        "cast(a as numeric)",
        'a collate "C"',
        "a + interval '1 day'",
        "date_trunc('week', a)",
        "extract(hour from a)",
        "jsonb_agg(a)",
        "string_agg(a, ',')",
        "uuid_hash_extended(a, 0)",
        "percentile_disc(0.5) within group (order by a)",
    ],
)
def test_what_only_one_engine_understands_is_found(expression: str, dialect: str) -> None:
    query = f"select {expression} from numbers"

    try:
        found = [*find_foreign(query, dialect)]
    except sqlglot.ParseError:
        return
    assert found != []
