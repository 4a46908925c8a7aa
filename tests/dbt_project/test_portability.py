"""The models on another engine: DuckDB builds them from Parquet, row for row what they are here."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
import psycopg
import pytest

from ingestion.events.timezones import timezone_names
from ingestion.simulation import simulate
from quality.oracle import build_marts, read_events, read_mart
from quality.oracle.comparison import KEYS, compare
from tests.dbt_project.conftest import MODELS, Dbt
from tests.dbt_project.on_duckdb.lake import Lake, make_lake
from tests.dbt_project.random_streams import draw_events
from tests.dbt_project.streams import StudyEvent, happen, insert
from tests.end_to_end.hostile import make_hostile_stream
from tests.end_to_end.test_oracle import land_all
from tests.exactness.batches import draw_batch
from tests.exactness.cases import Namespaces

END = datetime(2025, 11, 16, 12, tzinfo=UTC)
SEED = 20250602
CASES = 20251102

# What ingestion would refuse: it must read as if absent, on every engine. `PST` is no place.
_AT = "2025-06-02 21:3"
_QUESTION = {"question_id": "q", "topic_id": "t"}
_WRONG: list[tuple[str, dict[str, object]]] = [
    ("session_start", {"timezone": "PST", "device_type": "web"}),
    ("material_read", {"material_id": "m", "chunk_index": 3}),
    ("material_read", {"material_id": "m", "time_spent_seconds": "30", "chunk_index": None}),
    ("material_read", {"material_id": "m", "scroll_depth_percent": True}),
    ("question_view", {**_QUESTION, "difficulty": "unheard of"}),
    ("question_submit", {**_QUESTION, "is_correct": False, "confidence_level": "5"}),
    ("question_submit", {**_QUESTION, "is_correct": True, "time_to_answer_seconds": [1]}),
    ("question_submit", {**_QUESTION, "is_correct": False, "selected_answer": 'é "\\\n'}),
    ("question_submit", {**_QUESTION, "is_correct": True, "hint_used": "true"}),
    ("xp_earned", {"xp_amount": 1e2, "new_total_xp": "1e2"}),
]
SLIPPED_PAST: list[StudyEvent] = [
    happen(event_type, f"{_AT}{minute}", "slip", "s", **given)
    for minute, (event_type, given) in enumerate(_WRONG)
]


def land_everything_hard(url: str, *, students: int, days: int, rounds: int) -> None:
    """Random streams, cases of the exactness tests, a hostile stream and a simulated cohort."""
    insert(url, draw_events(SEED))
    cases = draw_batch(CASES, size=60, waves=10).cases
    insert(url, [event for events in Namespaces(cases).events for event in events])
    land_all(url, make_hostile_stream(SEED, rounds=rounds, events_per_round=60))
    land_all(url, simulate(students, days, 7, END))


def find_differences(lake: Lake, expected: Mapping[str, pd.DataFrame]) -> dict[str, list[str]]:
    marts = lake.read_marts()
    assert all(len(mart) for mart in marts.values()), "an empty mart agrees about nothing"
    found = {table: compare(table, expected[table], marts[table]) for table in KEYS}
    return {table: [*map(str, some[:5])] for table, some in found.items() if some}


@pytest.fixture(scope="module")
def built_lake(shared_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Everything hard, once: in the log of the module's database and built by DuckDB."""
    land_everything_hard(shared_database_url, students=2, days=25, rounds=1)
    lake = make_lake(shared_database_url, tmp_path_factory.mktemp("lake"))
    built = lake.dbt("build", END.isoformat(), *MODELS)
    assert built.returncode == 0, built.stdout
    return lake


def test_marts_on_duckdb_are_those_of_the_oracle(
    built_lake: Lake, shared_database_url: str
) -> None:
    with psycopg.connect(shared_database_url) as connection:
        expected = build_marts(read_events(connection), END)

    assert find_differences(built_lake, expected) == {}


def test_duckdb_knows_the_timezones_that_ingestion_accepts_and_no_others(built_lake: Lake) -> None:
    with duckdb.connect(str(built_lake.database), read_only=True) as connection:
        rows = connection.execute("select name from intermediate.int_timezones_known").fetchall()

    # of the engine's own list, and no place on earth
    assert {name for (name,) in rows} - {"Factory"} == timezone_names()


@pytest.mark.slow
def test_project_holds_on_duckdb_and_its_marts_are_those_of_postgres(
    dbt: Dbt, database_url: str, tmp_path: Path
) -> None:
    land_everything_hard(database_url, students=8, days=40, rounds=10)
    insert(database_url, SLIPPED_PAST)
    lake = make_lake(database_url, tmp_path)

    # all of its tests, but the one that finds the timezone that is none
    on_duckdb = lake.dbt("build", END.isoformat(), "--exclude", "assert_every_timezone_is_known")
    on_postgres = dbt("build", *MODELS, url=database_url, as_of=END.isoformat())

    assert on_duckdb.returncode == 0, on_duckdb.stdout
    assert on_postgres.success, on_postgres.stdout
    with psycopg.connect(database_url) as connection:
        expected = {table: read_mart(connection, table) for table in KEYS}
    assert find_differences(lake, expected) == {}
