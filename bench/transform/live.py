"""Point reads of the live views, against the bare index lookup of a learner's events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from ingestion.store.database import Role, role_url

LOOKUP = sql.SQL("select * from raw.study_events where user_id = %s")
_VIEWS = "select viewname from pg_views where schemaname = 'live' order by viewname"
_WARMING = 20


@dataclass(frozen=True)
class Latency:
    """Of many reads, in milliseconds."""

    p50: float
    p99: float


@dataclass(frozen=True)
class LiveReads:
    """The lookup, each view, and the reads of all views taken together."""

    lookup: Latency
    views: Mapping[str, Latency]
    overall: Latency


def measure_live(url: str, users: Sequence[UUID]) -> LiveReads:
    """Read each learner once from every live view and once from the log, one after another.

    Each side on one warm connection: the views as the role that BI tools read them by, the log as
    one that may. The clock stops when the rows are here, before Python makes objects of them:
    that would cost the lookup, which brings more rows, more than the server takes for it.
    Raises RuntimeError where there are no live views.
    """
    reader = role_url(url, Role.BI, application_name="study-bench")
    transformer = role_url(url, Role.TRANSFORM, application_name="study-bench")
    with (
        psycopg.connect(reader, autocommit=True) as live,
        psycopg.connect(transformer, autocommit=True) as log,
    ):
        queries = {
            name: sql.SQL("select * from {} where user_id = %s").format(
                sql.Identifier("live", name)
            )
            for (name,) in live.execute(_VIEWS).fetchall()
        }
        if not queries:
            raise RuntimeError("schema live holds no views")
        # psycopg prepares a query at the sixth time, the server plans it for good six times later
        for user in users[:_WARMING]:
            _time_read(log, LOOKUP, user)
            for query in queries.values():
                _time_read(live, query, user)
        lookups: list[float] = []
        reads: dict[str, list[float]] = {name: [] for name in queries}
        for user in users:
            lookups.append(_time_read(log, LOOKUP, user))
            for name, query in queries.items():
                reads[name].append(_time_read(live, query, user))
    return LiveReads(
        _sum_up(lookups),
        {name: _sum_up(times) for name, times in reads.items()},
        _sum_up([time for times in reads.values() for time in times]),
    )


def _time_read(
    connection: psycopg.Connection[Any], query: sql.SQL | sql.Composed, user: UUID
) -> float:
    start = perf_counter()
    connection.execute(query, [user])
    return (perf_counter() - start) * 1000


def _sum_up(times: Sequence[float]) -> Latency:
    return Latency(median(times), quantiles(times, n=100, method="inclusive")[98])
