"""The features that dbt computes of every answer, read whole."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import psycopg

_FEATURES = """
copy (select * from intermediate.mastery_answer_features) to stdout (format csv, header)
"""
# Columns of the view that say which answer it is; all others are features.
KEYS = ("event_id", "user_id", "topic_id", "question_id", "attempted_at", "fold", "is_right")


def read_features(own: str) -> pd.DataFrame:
    """Read `intermediate.mastery_answer_features`: a row per answer of `ops.mastery_learners`.

    `own`: URL of the role that transforms. Held in memory: half a kilobyte for each answer.
    Raises psycopg.Error where no load has made the view yet.
    """
    with psycopg.connect(own, autocommit=True) as connection, TemporaryDirectory() as folder:
        # Sorted in memory, once for each of learner, topic and question.
        connection.execute("set work_mem = '512MB'")
        # Of the difficulties the planner knows no number: it would compare each with each.
        connection.execute("set enable_nestloop = off")
        file = Path(folder) / "features.csv"
        with file.open("wb") as target, connection.cursor().copy(_FEATURES) as copy:
            for block in copy:
                target.write(block)
        return pd.read_csv(file)
