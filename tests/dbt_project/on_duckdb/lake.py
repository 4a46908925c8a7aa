"""A lake: the raw log in Parquet, and the models built on it by DuckDB."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import psycopg
from psycopg import sql

from quality.oracle.comparison import KEYS
from tests.conftest import REPOSITORY

PROFILES = Path(__file__).parent

# As DuckDB reads them from CSV. `properties` stays the text of a JSON object: Parquet has no more.
_TYPES = {
    "event_id": "UUID",
    "event_type": "VARCHAR",
    "schema_version": "SMALLINT",
    "user_id": "UUID",
    "session_id": "UUID",
    "occurred_at": "TIMESTAMPTZ",
    "original_occurred_at": "TIMESTAMPTZ",
    "sent_at": "TIMESTAMPTZ",
    "received_at": "TIMESTAMPTZ",
    "material_id": "VARCHAR",
    "chunk_id": "VARCHAR",
    "question_id": "VARCHAR",
    "topic_id": "VARCHAR",
    "client_event_id": "VARCHAR",
    "properties": "VARCHAR",
    "context": "VARCHAR",
    "ingest_xid": "UBIGINT",
}
_NULL = r"\N"


@dataclass(frozen=True)
class Lake:
    """A folder with the log in Parquet and the database that DuckDB builds from it."""

    folder: Path

    @property
    def database(self) -> Path:
        """The file of the database."""
        return self.folder / "study.duckdb"

    def dbt(self, command: str, as_of: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run dbt on DuckDB, evaluated at an instant; takes some ten seconds to parse."""
        outside = {k: v for k, v in os.environ.items() if not k.startswith(("STUDY_", "DBT_"))}
        own = {
            "STUDY_DUCKDB_PATH": str(self.database),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }
        dbt = str(Path(sys.executable).with_name("dbt"))
        return subprocess.run(
            [
                *(dbt, command, *arguments, "--profiles-dir", str(PROFILES)),
                *("--vars", json.dumps({"as_of": as_of})),
            ],
            cwd=REPOSITORY / "dbt_project",
            env={**outside, **own},
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def read_marts(self) -> dict[str, pd.DataFrame]:
        """Every mart, whole, as Python objects."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            return {table: _read(connection, table) for table in KEYS}


def make_lake(url: str, folder: Path) -> Lake:
    """Export the raw log of a PostgreSQL database into a folder, and open a lake over it."""
    lake = Lake(folder)
    parquet = folder / "study_events.parquet"
    with duckdb.connect(str(lake.database)) as connection:
        connection.execute("set timezone = 'UTC'")
        # Only an unquoted \N is null: an empty text is a text.
        connection.read_csv(
            str(_export(url, folder)),
            header=False,
            columns=_TYPES,
            na_values=_NULL,
            allow_quoted_nulls=False,
            all_varchar=False,
        ).write_parquet(str(parquet))
        connection.execute("create schema raw")
        connection.execute(
            f"create view raw.study_events as select * from read_parquet('{parquet}')"
        )
    return lake


def _export(url: str, folder: Path) -> Path:
    path = folder / "study_events.csv"
    query = sql.SQL(
        "copy (select {} from raw.study_events) to stdout (format csv, null {})"
    ).format(sql.SQL(", ").join(map(sql.Identifier, _TYPES)), sql.Literal(_NULL))
    with (
        psycopg.connect(url) as connection,
        path.open("wb") as file,
        connection.cursor().copy(query) as copy,
    ):
        for block in copy:
            file.write(block)
    return path


def _read(connection: duckdb.DuckDBPyConnection, table: str) -> pd.DataFrame:
    cursor = connection.execute(f"select * from marts.{table}")
    columns = [(str(name), str(kind)) for name, kind, *_ in cursor.description or ()]
    rows = [
        [
            json.loads(value) if kind == "JSON" and value is not None else value
            for (_, kind), value in zip(columns, row, strict=True)
        ]
        for row in cursor.fetchall()
    ]
    # dtype=object: no value may be reinterpreted (or rounded) before it is compared.
    return pd.DataFrame(rows, columns=[name for name, _ in columns], dtype=object)
