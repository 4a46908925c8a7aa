"""Whole builds by the dbt command: on nothing, and on events that are hard to place."""

import psycopg
import pytest

from quality.oracle.comparison import KEYS
from quality.oracle.database import verify_marts
from tests.dbt_project.conftest import Dbt, Ran
from tests.dbt_project.random_streams import draw_events
from tests.dbt_project.streams import insert, instant

AS_OF = "2025-06-02T12:00:00+00:00"


def read_marts(url: str) -> dict[str, list[str]]:
    with psycopg.connect(url) as connection:
        return {
            table: [
                str(row[0])
                for row in connection.execute(
                    f"select to_jsonb(mart)::text from marts.{table} as mart order by 1".encode()
                )
            ]
            for table in KEYS
        }


def test_build_of_an_empty_log_passes(built_on_nothing: tuple[Ran, str]) -> None:
    built, url = built_on_nothing
    assert built.success, built.stdout
    assert "warn" not in built.stdout.lower().replace("warn=0", "").replace("0 warnings", "")
    assert set(built.results.values()) == {"success", "pass"}
    assert read_marts(url) == {table: [] for table in KEYS}


@pytest.mark.slow
def test_marts_agree_with_the_oracle_on_any_events(dbt: Dbt, database_url: str) -> None:
    assert insert(database_url, draw_events(20250602)) > 1_000
    built = dbt("build", "--exclude-resource-type", "unit_test", url=database_url, as_of=AS_OF)
    assert built.success, built.stdout
    differences = verify_marts(database_url, instant(AS_OF))
    assert {table: found[:5] for table, found in differences.items() if found} == {}
