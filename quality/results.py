"""What a check found, and the table that keeps it."""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg.types.json import Jsonb

from quality.suites.privacy import PRIVATE
from quality.suites.suite import Severity

SAMPLE_SIZE = 5
"""How many offending rows a result carries: enough to start looking."""


_PRIVATE = re.compile(PRIVATE)
WITHHELD = "(withheld)"


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check.

    `observed`: what was measured, or under `error` why it could not be. `unexpected_count`: how
    many rows or keys break the fact, null where it is not of rows. `unexpected_sample`: some of
    them, as JSON can hold them.
    """

    suite: str
    table: str
    check_name: str
    column: str | None
    severity: Severity
    success: bool
    observed: Mapping[str, object]
    unexpected_count: int | None
    unexpected_sample: Sequence[object]
    description: str
    schema: str = "marts"
    blocking: bool = False

    def __str__(self) -> str:
        found = f"{self.unexpected_count} against it" if self.unexpected_count else "not held"
        error = self.observed.get("error")
        verdict = "holds" if self.success else f"could not run: {error}" if error else found
        return f"{self.table}: {self.check_name}: {verdict}"


def find_failures(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Give the failed checks that mean wrong numbers; warnings are for people to look at."""
    return [found for found in results if not found.success and found.severity is Severity.CRITICAL]


def record(url: str, run_id: str, as_of: datetime | None, results: Sequence[CheckResult]) -> None:
    """Keep the results of a run in `quality.check_results`, all of them or none.

    `url`: a libpq URL whose role may write there. Raises psycopg.Error when it cannot.
    """
    rows = [
        {
            "run_id": run_id,
            "as_of": as_of,
            "suite": found.suite,
            "schema_name": found.schema,
            "table_name": found.table,
            "check_name": found.check_name,
            "column_name": found.column,
            "severity": str(found.severity),
            "success": found.success,
            "observed": Jsonb(found.observed),
            "unexpected_count": found.unexpected_count,
            "unexpected_sample": Jsonb(found.unexpected_sample),
            "description": found.description,
            "blocking": found.blocking,
        }
        for found in results
    ]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            """
            insert into quality.check_results (
                run_id, as_of, suite, schema_name, table_name, check_name, column_name, severity,
                success, observed, unexpected_count, unexpected_sample, description, blocking
            ) values (
                %(run_id)s, %(as_of)s, %(suite)s, %(schema_name)s, %(table_name)s,
                %(check_name)s, %(column_name)s, %(severity)s, %(success)s, %(observed)s,
                %(unexpected_count)s, %(unexpected_sample)s, %(description)s, %(blocking)s
            )
            """,
            rows,
        )


def prune(url: str, before: datetime) -> int:
    """Delete what was found before an instant, profiles too; return how many results went.

    `url`: the owner's: whoever checks may not change what was found. Raises psycopg.Error where it
    may not either.
    """
    with psycopg.connect(url) as connection:
        connection.execute("delete from quality.profiles where as_of < %s", [before])
        gone = connection.execute(
            "delete from quality.check_results where checked_at < %s", [before]
        )
    return gone.rowcount


def to_json(value: object) -> object:
    """Give a value as JSON can hold it: uuids, times and dates as text, NaN as null."""
    match value:
        case Mapping():
            return {str(name): to_json(inner) for name, inner in value.items()}
        case list() | tuple():
            return [to_json(inner) for inner in value]
        case float() if not math.isfinite(value):
            return None
        case None | bool() | int() | float() | str():
            return value
        case date():
            return value.isoformat()
        case _:
            return str(value)


def show_row(row: object, private: Collection[str] = ()) -> object:
    """Give of an offending row what anybody may read of it, as JSON can hold it.

    Without its `private` columns; a text that holds an address of a person or a machine is
    withheld whole, for the row may be in the finding because of it.
    """
    match to_json(row):
        case dict() as named:
            return {name: _show(value) for name, value in named.items() if name not in private}
        case value:
            return _show(value)


def _show(value: object) -> object:
    return WITHHELD if _PRIVATE.search(str(value)) else value
