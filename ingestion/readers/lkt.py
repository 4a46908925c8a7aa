"""LKT: answers to statistics questions in a course, and trials that only showed the answer.

One gzipped CSV, a trial a row. Its `timestamp` (whole seconds) is when the trial *began*: taken so,
no trial begins before the one before it was answered; taken as the end, one in six would.
"""

import gzip
import zlib
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from itertools import chain, pairwise
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from ingestion.readers.accounting import Accounting
from ingestion.readers.csv_rows import Row, find_missing_columns, read_rows
from ingestion.readers.errors import ReaderError
from ingestion.readers.identity import LATEST_MILLISECOND
from ingestion.readers.stream import (
    GAP_MILLISECONDS,
    EventDict,
    SessionParting,
    Stamp,
    merge_streams,
)

SOURCE = "lkt"
FILE_NAME = "attempts.csv.gz"
_ITEM = "item"
_COLUMNS = ("user_id", "item_id", "kc_cluster", "timestamp", "outcome", "response_ms")
_OUTCOMES = {"CORRECT", "INCORRECT", "STUDY"}
_DAY_MILLISECONDS = 86_400_000


class _Trial(NamedTuple):
    """One trial; `began_at` is Unix milliseconds, `response` milliseconds or None if unmeasured."""

    began_at: int
    outcome: str
    item: str
    cluster: str
    response: int | None


def read_lkt(file: Path, accounting: Accounting) -> Iterator[EventDict]:
    """Yield the events of every learner, in time order; `accounting` fills on the way.

    `file` is attempts.csv.gz, or the folder that holds it.

    The rows (some 60,000) are held in memory, learner by learner. A bad row is counted by name.
    Raises ReaderError at once where the file is not LKT's or breaks off.
    """
    learners = _read_trials(file / FILE_NAME if file.is_dir() else file, accounting)
    return merge_streams(
        (min(trial.began_at for trial in trials), partial(_tell_learner, name, trials, accounting))
        for name, trials in learners.items()
    )


def _tell_learner(name: str, trials: list[_Trial], accounting: Accounting) -> Iterator[EventDict]:
    trials.sort(key=itemgetter(0))  # stable: trials of one time keep their order
    parting = SessionParting(SOURCE, name)
    facts: list[tuple[int, str, EventDict]] = []
    following = [later.began_at for _, later in pairwise(trials)]
    for trial, next_at in zip(trials, [*following, None], strict=True):
        session_id, opens = parting.place(trial.began_at)
        if opens:
            accounting.open_session()
            start = {"event_type": "session_start", "properties": {}}
            facts.append((trial.began_at, session_id, start))
        millisecond, fact = _tell(trial, next_at)
        accounting.land(trial.outcome, _ITEM, [fact["event_type"]])
        facts.append((millisecond, session_id, fact))
    facts.sort(key=itemgetter(0))
    stamp = Stamp(SOURCE, name)
    for millisecond, session_id, fact in facts:
        yield stamp.event(millisecond, session_id, fact)


def _tell(trial: _Trial, next_at: int | None) -> tuple[int, EventDict]:
    """Give a trial's fact and when it was one: at the answer, or at the end of the showing."""
    if trial.outcome == "STUDY":
        spent = _shown(trial, next_at)
        return trial.began_at + spent, {
            "event_type": "material_read",
            "material_id": f"item-{trial.item}",
            "topic_id": f"cluster-{trial.cluster}",
            "properties": {"time_spent_seconds": spent / 1000},
        }
    timed = {} if trial.response is None else {"time_to_answer_seconds": trial.response / 1000}
    return trial.began_at + (trial.response or 0), {
        "event_type": "question_submit",
        "question_id": f"item-{trial.item}",
        "topic_id": f"cluster-{trial.cluster}",
        "properties": {"is_correct": trial.outcome == "CORRECT", **timed},
    }


def _shown(trial: _Trial, next_at: int | None) -> int:
    """Tell how long a study trial was shown (ms): as measured, else until the next trial.

    A last trial before a gap has neither: 0, for what was not measured must not count.
    """
    if trial.response is not None:
        return trial.response
    if next_at is None or next_at - trial.began_at > GAP_MILLISECONDS:
        return 0
    return next_at - trial.began_at


def _read_trials(file: Path, accounting: Accounting) -> dict[str, list[_Trial]]:
    learners: dict[str, list[_Trial]] = defaultdict(list)
    for row in _read_file(file):
        accounting.rows_read += 1
        if isinstance(row, str):
            accounting.drop("?", _ITEM, row)
            continue
        trial = _parse(row)
        if isinstance(trial, str):
            accounting.drop(row["outcome"] or "?", _ITEM, trial)
        else:
            learners[row["user_id"]].append(trial)
    return learners


def _read_file(file: Path) -> Iterator[Row | str]:
    try:
        with gzip.open(file, "rt", encoding="utf-8", errors="replace", newline="") as lines:
            header = lines.readline()
            missing = find_missing_columns(header.strip().split(","), _COLUMNS)
            if missing:
                raise ReaderError(f"{file} has no column {missing}: it is not LKT's {FILE_NAME}")
            yield from read_rows(chain([header], lines))
    except (OSError, EOFError, zlib.error) as error:
        raise ReaderError(
            f"{file} cannot be read to its end ({error}): name LKT's {FILE_NAME}, whole"
        ) from error


def _parse(row: Row) -> _Trial | str:
    user, item, cluster, timestamp, outcome, response = (row[column] for column in _COLUMNS)
    if not (user and item and cluster):
        return "malformed row: no learner, item or cluster"
    if outcome not in _OUTCOMES:
        return "unknown outcome"
    try:
        began_at, measured = int(timestamp) * 1000, int(float(response or -1))
    except (ValueError, OverflowError):
        return "malformed row: timestamp or response time"
    if not 0 <= began_at <= LATEST_MILLISECOND - _DAY_MILLISECONDS:
        return "malformed row: timestamp out of range"
    known = 0 <= measured <= _DAY_MILLISECONDS
    return _Trial(began_at, outcome, item, cluster, measured if known else None)
