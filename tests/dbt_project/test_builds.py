"""Whole builds by the dbt command: on nothing, and on events that are hard to place."""

import json
from pathlib import Path
from typing import Any

import psycopg

from quality.oracle.comparison import KEYS
from quality.oracle.database import verify_marts
from tests.dbt_project.conftest import Dbt
from tests.dbt_project.random_streams import draw_events
from tests.dbt_project.streams import insert, instant

AS_OF = "2025-06-02T12:00:00+00:00"


def results(target_folder: Path) -> dict[str, str]:
    written: dict[str, Any] = json.loads(
        (target_folder / "target" / "run_results.json").read_text()
    )
    # An exposure is listed with what is built, though there is nothing to do for it.
    return {
        result["unique_id"]: result["status"]
        for result in written["results"]
        if not result["unique_id"].startswith("exposure.")
    }


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


def test_build_of_an_empty_log_passes(dbt: Dbt, database_url: str, target_folder: Path) -> None:
    built = dbt("build", url=database_url)
    assert built.returncode == 0, built.stdout
    assert "warn" not in built.stdout.lower().replace("warn=0", "").replace("0 warnings", "")
    assert set(results(target_folder).values()) == {"success", "pass"}
    assert read_marts(database_url) == {table: [] for table in KEYS}


def test_marts_agree_with_the_oracle_on_any_events(dbt: Dbt, database_url: str) -> None:
    assert insert(database_url, draw_events(20250602)) > 1_000
    built = dbt("build", "--exclude-resource-type", "unit_test", url=database_url, as_of=AS_OF)
    assert built.returncode == 0, built.stdout
    differences = verify_marts(database_url, instant(AS_OF))
    assert {table: found[:5] for table, found in differences.items() if found} == {}
