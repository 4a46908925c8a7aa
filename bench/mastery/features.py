"""The project's own features of answers, by its own SQL on PostgreSQL."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import numpy as np
import pandas as pd
import psycopg
from dbt.cli.main import dbtRunner
from psycopg import sql

from bench.mastery.learners import Shares
from bench.transform.databases import make_database, open_server
from ingestion.store.database import Role, role_url
from ingestion.store.migrations import migrate
from orchestration.defs.dbt.environment import dbt_environment
from orchestration.mastery.features import KEYS, read_features
from orchestration.settings import exported

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MODELS = ("mastery_fitted_difficulties", "mastery_answer_features")
_DATABASE = "study_bench_mastery"
_BEGIN_MICROSECONDS = 946_684_800_000_000  # 2000-01-01
_TABLE = """
create table marts.question_attempts (
    event_id uuid primary key,
    user_id uuid not null,
    topic_id text,
    question_id text not null,
    is_correct boolean not null,
    hint_used boolean not null,
    confidence_level bigint,
    attempted_at timestamptz not null,
    attempt_number bigint not null
)
"""
_COPY = """
copy marts.question_attempts (
    event_id, user_id, topic_id, question_id, is_correct, hint_used, confidence_level,
    attempted_at, attempt_number
) from stdin
"""


@contextmanager
def open_warehouse(home: Path) -> Iterator[str]:
    """Run the project's own server with a migrated, empty database; yields the owner's URL."""
    with open_server(home) as server_url:
        url = make_database(server_url, _DATABASE)
        migrate(url)
        yield url


def compute_features(
    url: str, shares: Shares, variables: Mapping[str, object] | None = None
) -> pd.DataFrame:
    """Put the answers where the pipeline has them, and read the features, row for row.

    `variables` are dbt's.

    Returns one row per row of the answers, in their order, a float column per feature.
    """
    own = role_url(url, Role.TRANSFORM, application_name="study-bench-mastery")
    land_answers(own, shares.answers)
    run_models(url, MODELS, variables)
    features = read_features(own)
    places = features["event_id"].map(lambda name: UUID(name).int)
    return features.drop(columns=[*KEYS]).set_index(places).sort_index().astype("float64")


def run_models(
    url: str, names: Sequence[str] = MODELS, variables: Mapping[str, object] | None = None
) -> None:
    """Let dbt make models as the pipeline makes them. Raises RuntimeError with dbt's words."""
    with TemporaryDirectory() as folder:
        project = Path(folder) / "dbt_project"
        shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
        arguments = [
            *("--log-level", "none", "--log-level-file", "none", "run", "--select", *names),
            *("--vars", json.dumps(variables or {})),
            *("--project-dir", str(project), "--profiles-dir", str(project)),
            *("--target-path", str(project / "target"), "--log-path", str(project / "logs")),
        ]
        with exported(dbt_environment(url)):
            outcome = dbtRunner().invoke(arguments)
    if not outcome.success:
        results = getattr(outcome.result, "results", [])
        raise RuntimeError(f"dbt failed: {outcome.exception or [each.message for each in results]}")


def land_answers(own: str, answers: pd.DataFrame) -> None:
    """Put answers where the pipeline has them, and their learners into their folds.

    `own`: URL of the role that transforms. The table there was is replaced, with all that reads it.
    """
    with psycopg.connect(own, autocommit=True) as connection:
        _land(connection, answers)


def create_attempts(connection: psycopg.Connection) -> None:
    """Make the table of attempts anew, with the columns that mastery reads of it."""
    connection.execute("drop table if exists marts.question_attempts cascade")
    connection.execute(_TABLE)


def _land(connection: psycopg.Connection, answers: pd.DataFrame) -> None:
    create_attempts(connection)
    numbers = answers.groupby(["learner", "item"]).cumcount() + 1
    moments = (answers["seconds"] * 1e6).round().astype("int64") + _BEGIN_MICROSECONDS
    times = pd.to_datetime(moments, unit="us", utc=True).dt.strftime("%Y-%m-%d %H:%M:%S.%f+00")
    nothing = pd.Series(np.nan, index=answers.index)
    columns = (
        pd.Series([UUID(int=place) for place in range(len(answers))]),
        answers["learner"].map(lambda number: UUID(int=number + 1)),
        [None if pd.isna(skill) else _as_text(skill) for skill in answers["skill"]],
        answers["item"].map(_as_text),
        answers["right"] == 1,
        answers.get("hinted", pd.Series(False, index=answers.index)),
        [None if pd.isna(sure) else int(sure) for sure in answers.get("confidence", nothing)],
        times,
        numbers,
    )
    with connection.cursor().copy(_COPY) as copy:
        for row in zip(*columns, strict=True):
            copy.write_row(row)
    connection.execute("delete from ops.mastery_learners")
    folds = answers.groupby("learner")["fold"].first()
    with connection.cursor().copy("copy ops.mastery_learners (user_id, fold) from stdin") as copy:
        for learner, fold in folds.items():
            copy.write_row((UUID(int=int(str(learner)) + 1), int(fold)))
    for table in ("marts.question_attempts", "ops.mastery_learners"):
        connection.execute(sql.SQL("analyze {}").format(sql.Identifier(*table.split("."))))


def _as_text(name: object) -> str:
    return str(name).replace("\x00", "")
