"""The whole claim: the marts dbt builds are, row for row, those the definitions ask for."""

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import psycopg
import pytest
from dbt.cli.main import dbtRunner

from ingestion.landing.land import land
from ingestion.landing.verdict import Status
from ingestion.readers.accounting import Accounting
from ingestion.readers.ednet import read_ednet
from ingestion.simulation import simulate
from ingestion.store.database import Role, role_url
from ingestion.store.partitions import make_months
from orchestration.defs.dbt.environment import dbt_environment
from quality.checks import run_checks
from quality.oracle import read_events, read_mart, verify_marts
from quality.oracle.ground_rules import of_the_learner, place
from quality.results import find_failures
from tests.conftest import REPOSITORY
from tests.end_to_end.hostile import Event, make_hostile_stream

IDLE_LIMIT = timedelta(minutes=30)
END = datetime(2025, 11, 16, 12, tzinfo=UTC)


def land_all(url: str, events: Iterable[Event]) -> int:
    """Land a stream as an import does, its months opened first; give the number of events."""
    stream = [*events]
    occurred = [datetime.fromisoformat(str(event["occurred_at"])) for event in stream]
    with psycopg.connect(url) as owner:
        for month in sorted({moment.astimezone(UTC).date().replace(day=1) for moment in occurred}):
            make_months(owner, month, month)
    asyncio.run(_land(url, stream, max(occurred)))
    return len(stream)


async def _land(url: str, stream: list[Event], received_at: datetime) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        for start in range(0, len(stream), 1_000):
            batch = stream[start : start + 1_000]
            report = await land(
                connection, batch, received_at=received_at, sent_at=None, context={}
            )
            refused = [found for found in report.results if found.status is not Status.ACCEPTED]
            assert refused == []


def build_marts_with_dbt(
    url: str, as_of: datetime, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run every model and test of the dbt project on a database."""
    for name, value in dbt_environment(url).items():
        monkeypatch.setenv(name, value)
    # unit tests judge the code; another test runs them
    result = run_dbt(folder, as_of, "build", "--quiet", "--exclude-resource-type", "unit_test")
    assert result.success, result.exception


def run_dbt(folder: Path, as_of: datetime, *command: str) -> Any:
    project = str(REPOSITORY / "dbt_project")
    options = {
        "--project-dir": project,
        "--profiles-dir": project,
        "--target-path": str(folder / "target"),
        "--log-path": str(folder / "logs"),
        # A second run in one process drops the first one's log file without closing it.
        "--log-level-file": "none",
        "--vars": json.dumps({"as_of": as_of.isoformat()}),
    }
    return dbtRunner().invoke([*command, *chain.from_iterable(options.items())])


def assert_marts_are_right(
    url: str, as_of: datetime, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_marts_with_dbt(url, as_of, folder, monkeypatch)
    transform = role_url(url, Role.TRANSFORM, application_name="end to end")

    differences = verify_marts(transform, as_of)

    assert {table: [*map(str, found[:5])] for table, found in differences.items() if found} == {}
    # Empty marts would agree about nothing.
    assert min(count_rows(transform, table) for table in differences) > 0
    assert [str(found) for found in find_failures(run_checks(transform).results)] == []


def count_rows(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        return len(read_mart(connection, table))


def test_marts_of_a_simulated_cohort_are_those_of_the_oracle(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert land_all(database_url, simulate(6, 40, 7, END)) > 5_000

    assert_marts_are_right(database_url, END, tmp_path, monkeypatch)

    with psycopg.connect(database_url) as owner:
        owner.execute(
            "delete from raw.study_events"
            " where event_id = (select event_id from raw.study_events order by event_id limit 1)"
        )
    tested = run_dbt(tmp_path, END, "test", "--select", "events_are_those_that_were_booked")
    failures = {result.node.name: result.failures for result in tested.result.results}
    assert failures["events_are_those_that_were_booked"] == 1


def test_marts_of_real_learners_are_those_of_the_oracle(
    database_url: str, real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounting = Accounting()
    assert land_all(database_url, read_ednet(real_data / "ednet", accounting)) > 10_000

    assert_marts_are_right(database_url, END, tmp_path, monkeypatch)


def test_marts_of_a_hostile_stream_are_those_of_the_oracle(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It has spans in the hour that St. John's clocks once repeated, and one out of it.
    land_backwards(database_url, 71, 12)
    as_of = find_the_edge_of_a_timeout(database_url)

    assert_marts_are_right(database_url, as_of, tmp_path, monkeypatch)


def test_marts_at_the_edge_of_a_streak_are_those_of_the_oracle(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_backwards(database_url, 2, 4)
    as_of = find_the_edge_of_a_streak(database_url)

    assert_marts_are_right(database_url, as_of, tmp_path, monkeypatch)


def land_backwards(url: str, seed: int, rounds: int) -> None:
    """Land a hostile stream, the last event first."""
    stream = [*make_hostile_stream(seed, rounds=rounds, events_per_round=90)]
    land_all(url, reversed(stream))


def find_the_edge_of_a_timeout(url: str) -> datetime:
    """The first instant at which the session that ends in the middle of them all has timed out."""
    with psycopg.connect(url) as connection:
        events = read_events(connection)
    last = events.dropna(subset=["session_id"]).groupby("session_id")["occurred_at"].max()
    middle: datetime = sorted(last)[len(last) // 2]
    return middle + IDLE_LIMIT


def find_the_edge_of_a_streak(url: str) -> datetime:
    """The first instant at which a streak is broken in Tokyo, and in UTC would not be yet."""
    with psycopg.connect(url) as connection:
        placed = place(read_events(connection), available_timezones())
    last = of_the_learner(placed.drop_duplicates("user_id", keep="last"))
    days = sorted(last["local_date"][last["timezone"] == "Asia/Tokyo"])
    day: date = days[len(days) // 2]
    return datetime.combine(day + timedelta(days=2), time.min, ZoneInfo("Asia/Tokyo"))
