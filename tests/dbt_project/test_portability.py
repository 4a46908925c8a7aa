"""The models on another engine: DuckDB builds them from Parquet, row for row what they are here."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import psycopg
import pytest

from ingestion.events.timezones import timezone_names
from ingestion.simulation import simulate
from quality.oracle import build_marts, read_events, read_mart
from quality.oracle.comparison import KEYS, compare
from tests.dbt_project.conftest import Dbt
from tests.dbt_project.on_duckdb.lake import Lake, make_lake
from tests.dbt_project.random_streams import draw_events
from tests.dbt_project.streams import insert
from tests.end_to_end.hostile import make_hostile_stream
from tests.end_to_end.test_oracle import land_all
from tests.exactness.batches import draw_batch
from tests.exactness.cases import Namespaces

END = datetime(2025, 11, 16, 12, tzinfo=UTC)
SEED = 20250602
# Of the clock of St. John's, whose midnight once came twice within a minute.
CASES = 20251102


def land_everything_hard(url: str, *, students: int, days: int, rounds: int) -> None:
    """Random streams, the cases of the exactness tests, a hostile stream and a simulated cohort."""
    insert(url, draw_events(SEED))
    cases = draw_batch(CASES, size=60, waves=10).cases
    insert(url, [event for events in Namespaces(cases).events for event in events])
    land_all(url, make_hostile_stream(SEED, rounds=rounds, events_per_round=60))
    land_all(url, simulate(students, days, 7, END))


def find_differences(lake: Lake, expected: dict[str, object]) -> dict[str, list[str]]:
    marts = lake.read_marts()
    assert all(len(mart) for mart in marts.values()), "an empty mart agrees about nothing"
    found = {table: compare(table, expected[table], marts[table]) for table in KEYS}
    return {table: [*map(str, some[:5])] for table, some in found.items() if some}


def test_marts_on_duckdb_are_those_of_the_oracle(database_url: str, tmp_path: Path) -> None:
    land_everything_hard(database_url, students=2, days=25, rounds=1)
    lake = make_lake(database_url, tmp_path)

    built = lake.dbt("run", END.isoformat())

    assert built.returncode == 0, built.stdout
    with psycopg.connect(database_url) as connection:
        expected = build_marts(read_events(connection), END)
    assert find_differences(lake, expected) == {}


@pytest.mark.slow
def test_project_holds_on_duckdb_and_its_marts_are_those_of_postgres(
    dbt: Dbt, database_url: str, tmp_path: Path
) -> None:
    land_everything_hard(database_url, students=8, days=40, rounds=10)
    lake = make_lake(database_url, tmp_path)

    on_duckdb = lake.dbt("build", END.isoformat())
    on_postgres = dbt("run", url=database_url, as_of=END.isoformat())

    assert on_duckdb.returncode == 0, on_duckdb.stdout
    assert on_postgres.returncode == 0, on_postgres.stdout
    with psycopg.connect(database_url) as connection:
        expected = {table: read_mart(connection, table) for table in KEYS}
    assert find_differences(lake, expected) == {}
