"""What a mart of standings (a row a learner, say) must have of what it was in the last four weeks.

Its rows are of no day, so the days before cannot be read from it: each run of the checks leaves
how the rows were distributed in `quality.profiles`, and the next ones compare with that.
"""

from dataclasses import dataclass
from typing import LiteralString

from quality.suites.recent import LEAST_ROWS, freshness
from quality.suites.shift import BOUND, SHIFTED_BUCKETS
from quality.suites.suite import Check, Severity, query


@dataclass(frozen=True)
class Standing:
    """What is kept of a mart of standings.

    `measure`: SQL of a category of a row. `latest`: SQL of the newest instant in the mart, which is
    stale once it is older than `age`.
    """

    measure: LiteralString
    latest: str
    age: str = "3 days"


def standing_checks(table: str, standing: Standing) -> tuple[Check, ...]:
    """Make the three checks of a mart: its volume, its distribution, its freshness."""
    return (
        _volume(table),
        _distribution(table, standing),
        freshness(standing.latest, "{batch}", standing.age),
    )


def _volume(table: str) -> Check:
    return query(
        "rows_are_as_many_as_before",
        "The mart has between nine tenths of its rows at the newest run of the last four weeks and "
        "three times as many: a standing grows.",
        f"""
        select * from (
            select
                (select count(*) from {{batch}}) as row_count,
                (
                    select sum(row_count) from ({_past(table)}) as past
                    where as_of = (select max(as_of) from ({_past(table)}) as newest)
                ) as row_count_before
        ) as counted
        where row_count_before >= {LEAST_ROWS} and (
            row_count < 0.9 * row_count_before or row_count > 3 * row_count_before
        )
        """,  # noqa: S608 (constants of a suite)
        severity=Severity.WARNING,
    )


def _distribution(table: str, standing: Standing) -> Check:
    return query(
        "rows_are_distributed_as_before",
        f"The rows are distributed as at the runs of the last four weeks, by {standing.measure}: "
        f"{BOUND}",
        f"""
        with counted as (
            select bucket, sum(recent) as recent, sum(before) as before from (
                select coalesce(cast({standing.measure} as text), 'null') as bucket,
                    count(*) as recent, 0 as before
                from {{batch}} group by 1
                union all
                select bucket, 0, row_count from ({_past(table)}) as past
            ) as both_times
            group by bucket
        ),
        {SHIFTED_BUCKETS}
        """,  # noqa: S608 (constants of a suite)
        severity=Severity.WARNING,
    )


def _past(table: str) -> str:
    return f"""
        select as_of, bucket, row_count from quality.profiles
        where table_name = '{table}'
            and as_of >= cast('{{as_of}}' as timestamptz) - interval '28 days'
            and as_of < cast('{{as_of}}' as timestamptz)
    """  # noqa: S608 (constants of a suite)
