"""What the last days must have of the four weeks before them: as much, of the same kind, at all.

Each check looks at the newest date that is over on every clock (`{day}`: two before that of the
instant), and is a warning: a holiday looks like a fault, and only people can tell them apart.
A date is compared with the same weekday of the four weeks before; what is of fewer rows than
chance allows to compare is let pass.
"""

from dataclasses import dataclass

from quality.suites.shift import BOUND, SHIFTED_BUCKETS
from quality.suites.suite import Check, Severity, query

LEAST_ROWS = 20
"""Of each of the days compared. Of 20 expected, a third is seen by chance once in 50,000 days."""


@dataclass(frozen=True)
class Recent:
    """Which time the rows of a table are of, and what of them must not shift.

    `date` and `latest` are SQL over the table: the date of a row, and the newest instant of all.
    `measure` is what must keep its distribution: a category, or with `is_number` a quantity.
    `weekly`: a row is of a week, its date a Monday. `rows`: what is read instead of the table.
    `age`: how old the newest row may become.
    """

    date: str
    latest: str
    measure: str
    column: str | None = None
    is_number: bool = False
    weekly: bool = False
    rows: str = "{batch}"
    age: str = "3 days"

    @property
    def day(self) -> str:
        """SQL: the newest date, or Monday, that is over everywhere."""
        if self.weekly:
            return "(cast(date_trunc('week', cast('{day}' as date) + 1) as date) - 7)"
        return "cast('{day}' as date)"


def recent_checks(recent: Recent) -> tuple[Check, ...]:
    """Make the three checks of a table: its volume, its distribution, its freshness."""
    age = "16 days" if recent.weekly else recent.age
    return _volume(recent), _distribution(recent), freshness(recent.latest, recent.rows, age)


def _volume(recent: Recent) -> Check:
    return query(
        "rows_come_as_in_the_weeks_before",
        "The newest whole day (or week) has between a third of the fewest and three times the "
        "most rows that its like had in the four weeks before.",
        f"""
        select * from (
            select
                count(*) filter (where of_date = {recent.day}) as row_count,
                least({_before(recent)}) as fewest,
                greatest({_before(recent)}) as most
            from (
                select {recent.date} as of_date from {recent.rows}
            ) as dated
            where of_date between {recent.day} - 28 and {recent.day}
        ) as counted
        where fewest >= {LEAST_ROWS} and (row_count * 3 < fewest or row_count > most * 3)
        """,  # noqa: S608 (constants of a suite)
        severity=Severity.WARNING,
    )


def _before(recent: Recent) -> str:
    return ", ".join(
        f"count(*) filter (where of_date = {recent.day} - {7 * weeks})" for weeks in (1, 2, 3, 4)
    )


def _distribution(recent: Recent) -> Check:
    bucket = "cast(measure as text)"
    if recent.is_number:
        bucket = "cast(width_bucket(cast(measure as double precision), edges) as text)"
    return query(
        "recent_rows_are_distributed_as_before",
        f"The last seven days are distributed as the 28 before them, by {recent.column or 'kind'}: "
        f"{BOUND}",
        f"""
        with dated as (
            select {recent.date} as of_date, {recent.measure} as measure
            from {recent.rows}
        ),
        sample as (
            select measure, of_date > {recent.day} - 7 as is_recent
            from dated
            where of_date > {recent.day} - 35 and of_date <= {recent.day} and measure is not null
        ),
        {_edges(recent)}
        counted as (
            select {bucket} as bucket,
                count(*) filter (where is_recent) as recent,
                count(*) filter (where not is_recent) as before
            from sample cross join edges
            group by 1
        ),
        {SHIFTED_BUCKETS}
        """,  # noqa: S608 (constants of a suite)
        column=recent.column,
        severity=Severity.WARNING,
    )


def _edges(recent: Recent) -> str:
    if not recent.is_number:
        return "edges as (select 1),"
    return """
        edges as (
            select percentile_cont(array[0.2, 0.4, 0.6, 0.8]) within group (
                order by cast(measure as double precision)
            ) as edges
            from sample where not is_recent
        ),
    """


def freshness(latest: str, rows: str, age: str) -> Check:
    """Make the check that the newest instant of some rows is no older than `age`, an interval."""
    return query(
        "rows_are_recent",
        f"The newest row is no older than {age}; an empty table has none to be old.",
        f"""
        select * from (select {latest} as latest from {rows}) as newest
        where latest < cast('{{as_of}}' as timestamptz) - interval '{age}'
        """,  # noqa: S608 (constants of a suite)
        severity=Severity.WARNING,
    )
