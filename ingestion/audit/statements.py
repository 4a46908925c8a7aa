"""What a statement tells: its tables and learners, and its text fit to be kept."""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlglot
from sqlglot import exp

from ingestion.privacy.pseudonyms import UUID_TEXT, Pseudonyms

LONGEST = 20_000
"""Characters kept of a statement: one of megabytes says no more about who read what."""

_SCHEMAS = (
    *("raw", "staging", "intermediate", "marts", "live", "quality", "ops", "audit", "changes"),
    *("content", "access", "pg_catalog", "information_schema"),
)
_NAMED = re.compile(
    rf'"?\b(?P<schema>{"|".join(_SCHEMAS)})\b"?\s*\.\s*"?(?P<table>[a-z_][a-z0-9_]*)"?',
    re.IGNORECASE,
)
# What sqlglot understands; of what else a statement may be, only names with a schema are found.
_PARSED = re.compile(r"\s*\(*\s*(select|with|table|insert|update|delete|merge|copy|values)\b", re.I)
_WRAPPED = re.compile(
    r"""
    \s*(?:
        explain\s*(?:\([^)]*\)|(?:\s+(?:analyze|verbose))*)
        | declare\s+\S+(?:\s+\w+)*?\s+cursor\s+(?:with(?:out)?\s+hold\s+)?for
        | prepare\s+\S+\s*(?:\([^)]*\))?\s*as
    )\s
    """,
    re.IGNORECASE | re.VERBOSE,
)
_QUOTED = r"(?:[eEuU]?&?'(?:[^']|'')*'|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"
_SECRET = re.compile(
    rf"\b(?P<word>password|passwd|passphrase|secret|token|api_key)\b(?P<sign>\s*(?:=>?|:=)?\s*){_QUOTED}",
    re.IGNORECASE | re.DOTALL,
)
_URL_SECRET = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s:/@']*:)[^\s@']+(?=@)", re.IGNORECASE)
_DSN_SECRET = re.compile(r"\b(?P<head>password\s*=\s*)[^\s']+", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\$(\d+)\b")
_PARAMETER = re.compile(r"\$(\d+) = (?:'((?:[^']|'')*)'|NULL)")


@dataclass(frozen=True)
class Told:
    """`action` is fit to be kept; `tables` is None where the statement does not say them."""

    action: str
    tables: tuple[str, ...] | None
    learners: tuple[str, ...]


def tell(statement: str, parameters: Mapping[int, str | None], pseudonyms: Pseudonyms) -> Told:
    """What a statement with its parameters tells. It never raises: what is odd is kept as text."""
    whole = _fill_in(statement, parameters)
    trees = _parse(whole)
    tables = set(_find_named(statement)) if trees is None else set(_find_tables(trees))
    learners = _find_learners(whole) if trees is None else _find_compared(trees)
    return Told(
        action=fit(whole, pseudonyms),
        tables=tuple(sorted(tables)) if trees is not None or tables else None,
        learners=tuple(sorted({pseudonyms.name(learner) for learner in learners})),
    )


def fit(text: str, pseudonyms: Pseudonyms) -> str:
    """A text without secrets, with pseudonyms for ids, and of bounded length."""
    text = _SECRET.sub(r"\g<word>\g<sign>'***'", text)
    text = _DSN_SECRET.sub(r"\g<head>***", _URL_SECRET.sub(r"\g<head>***", text))
    hidden = pseudonyms.hide(text).replace("\0", "")
    return (
        hidden if len(hidden) <= LONGEST else f"{hidden[:LONGEST]} ... ({len(hidden)} characters)"
    )


def read_parameters(detail: str) -> dict[int, str | None]:
    """Parameters by number, as PostgreSQL's log gives them: `Parameters: $1 = 'a', $2 = NULL`."""
    return {
        int(number): None if value is None else value.replace("''", "'")
        for number, value in ((found[1], found[2]) for found in _PARAMETER.finditer(detail))
    }


def _fill_in(statement: str, parameters: Mapping[int, str | None]) -> str:
    """The statement with its parameters in their places: `user_id = $1` names nobody."""

    def literal(found: re.Match[str]) -> str:
        value = parameters.get(int(found[1]))
        return "NULL" if value is None else "'" + value.replace("'", "''") + "'"

    return _PLACEHOLDER.sub(literal, statement) if parameters else statement


def _parse(statement: str) -> list[exp.Expr] | None:
    body = statement[wrapped.end() :] if (wrapped := _WRAPPED.match(statement)) else statement
    if not _PARSED.match(body):
        return None
    # It would warn of each statement it takes for a command, in the log of whoever collects.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        trees = sqlglot.parse(body, read="postgres")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return None
    if any(isinstance(tree, exp.Command) for tree in trees):
        return None
    return [tree for tree in trees if isinstance(tree, exp.Expr)]


def _find_tables(trees: list[exp.Expr]) -> Iterator[str]:
    for tree in trees:
        # Names of a `with` are no tables, unless a schema stands before them.
        passing = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
        for table in tree.find_all(exp.Table):
            if table.name and (table.db or table.name not in passing):
                yield f"{table.db}.{table.name}" if table.db else table.name


def _find_named(statement: str) -> Iterator[str]:
    for found in _NAMED.finditer(statement):
        yield f"{found['schema'].lower()}.{found['table'].lower()}"


def _find_compared(trees: list[exp.Expr]) -> set[UUID]:
    """Ids that are compared with a column `user_id`."""
    found: set[UUID] = set()
    for tree in trees:
        for column in tree.find_all(exp.Column):
            if column.name == "user_id" and (compared := _comparison(column)) is not None:
                found |= _find_learners(compared.sql(dialect="postgres"))
    return found


def _comparison(column: exp.Column) -> exp.Expr | None:
    """The smallest comparison a column stands in: past it begins what is said of others."""
    return column.find_ancestor(exp.EQ, exp.In, exp.NEQ, exp.NullSafeEQ)


def _find_learners(text: str) -> set[UUID]:
    return {UUID(found[0]) for found in UUID_TEXT.finditer(text)}
