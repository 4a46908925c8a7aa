"""Three years of a simulated school, landed month by month, and what must hold all the time."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import psycopg
from psycopg import sql

from ingestion.landing.land import land
from ingestion.landing.verdict import Status
from ingestion.simulation import simulate
from ingestion.store.partitions import make_months, shift_month

START = date(2023, 1, 1)
MONTHS = 36
LATE = 0.01
"""Share of the events that come 1 to 30 months late."""
_BATCH = 1000

_HELD = """
select
    (select count(*) from raw.study_events),
    (
        select coalesce(sum(row_count), 0) from ops.archives
        where month in (select month from ops.months_away)
    ),
    (select sum(accepted) from raw.landings)
"""


def months() -> Iterator[date]:
    """The months walked through."""
    return (shift_month(START, number) for number in range(MONTHS))


def turn_of(month: date) -> datetime:
    """Half an hour into the month after one."""
    following = shift_month(month, 1)
    return datetime(following.year, following.month, 1, 0, 30, tzinfo=UTC)


def deal_arrivals(students: int, seed: int) -> dict[date, list[dict[str, Any]]]:
    """The events of the school by the month they come in: most in that they happened in."""
    end = datetime(START.year + MONTHS // 12, START.month, 1, tzinfo=UTC)
    days = (end.date() - START).days
    dice = Random(seed)
    dealt: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for event in simulate(students, days, seed, end):
        month = date.fromisoformat(event["occurred_at"][:10]).replace(day=1)
        if dice.random() < LATE:
            month = shift_month(month, dice.randint(1, 30))
        dealt[month].append(event)
    return dealt


@dataclass
class School:
    """A warehouse that is walked; `accepted` counts what landing said of each event."""

    url: str
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def open(self, month: date) -> None:
        """Make the month and the next, as a service that runs all the time does."""
        with psycopg.connect(self.url) as owner:
            make_months(owner, month, shift_month(month, 1))

    def land(self, events: Sequence[dict[str, Any]], at: datetime) -> None:
        """Land a month's arrivals in batches."""
        asyncio.run(self._land(events, at))

    async def _land(self, events: Sequence[dict[str, Any]], at: datetime) -> None:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            for first in range(0, len(events), _BATCH):
                report = await land(
                    connection,
                    events[first : first + _BATCH],
                    received_at=at - timedelta(minutes=30),
                    sent_at=None,
                    context={"ip": "192.0.2.0"},
                )
                for result in report.results:
                    code = result.why.code if result.why else ""
                    self.counts[f"{result.status.value} {code}".strip()] += 1

    @property
    def accepted(self) -> int:
        """Events acknowledged as stored."""
        return self.counts[Status.ACCEPTED.value]

    def assert_all_held(self, more: int = 0) -> None:
        """Raw and archive hold what was accepted, not one event more or less; so do the books."""
        with psycopg.connect(self.url) as connection:
            ((raw, archived, booked),) = connection.execute(_HELD).fetchall()
        assert raw + archived == self.accepted + more, (raw, archived, self.accepted, more)
        assert booked == self.accepted + more

    def read_digests(self) -> dict[str, str]:
        """Of every mart, one hash over all its rows."""
        with psycopg.connect(self.url) as connection:
            tables = connection.execute(
                "select tablename from pg_tables where schemaname = 'marts' order by 1"
            ).fetchall()
            query = sql.SQL(
                "select count(*) || ' ' || coalesce(sum(hash_record_extended(each, 0)::numeric), 0)"
                " from marts.{} as each"
            )
            return {
                name: connection.execute(query.format(sql.Identifier(name))).fetchall()[0][0]
                for (name,) in tables
            }
