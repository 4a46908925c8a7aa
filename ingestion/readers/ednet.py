"""EdNet KT4: the app actions of learners preparing for an exam, one file a learner.

A folder holds `questions.csv` and files `u*.csv`. What each action becomes is told in
docs/readers.md; the mapping itself is in `ednet_actions`.
"""

import csv
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ingestion.readers.accounting import Accounting
from ingestion.readers.csv_rows import Row, find_missing_columns, read_rows
from ingestion.readers.ednet_actions import Action, Interpreter
from ingestion.readers.ednet_content import Content, read_content
from ingestion.readers.errors import ReaderError
from ingestion.readers.identity import LATEST_MILLISECOND
from ingestion.readers.stream import EventDict, SessionParting, Stamp, merge_streams

SOURCE = "ednet"
_COLUMNS = ("timestamp", "action_type", "item_id", "user_answer", "platform")
_ITEM_KINDS = {
    "b": "bundle",
    "q": "question",
    "e": "explanation",
    "l": "lecture",
    "p": "payment",
}


def read_ednet(folder: Path, accounting: Accounting) -> Iterator[EventDict]:
    """Yield the events of every learner in `folder`, in time order; `accounting` fills on the way.

    A bad row is counted by name and never stops the file. Raises ReaderError at once where the
    folder is not EdNet's.
    """
    files = sorted(folder.glob("u*.csv"))
    if not files:
        raise ReaderError(
            f"{folder} holds no learner's file (u*.csv): name the folder of EdNet KT4 with"
            " questions.csv and one CSV for each learner"
        )
    content = read_content(folder / "questions.csv")
    for file in files:
        _check_columns(file)
    return merge_streams(
        (_first_millisecond(file), partial(_read_learner, file, content, accounting))
        for file in files
    )


def _read_learner(file: Path, content: Content, accounting: Accounting) -> Iterator[EventDict]:
    interpreter = Interpreter(content)
    parting = SessionParting(SOURCE, file.stem)
    stamp = Stamp(SOURCE, file.stem)
    actions = list(_read_actions(file, accounting))
    actions.sort(key=lambda action: action.millisecond)  # stable: rows of one time keep their order
    for action in actions:
        kind = _ITEM_KINDS.get(action.item[:1], "unknown")
        if kind == "payment":  # no study: it opens no session, or its day would count as studied
            accounting.drop(action.name, kind, "payment")
            continue
        session_id, opens = parting.place(action.millisecond)
        if opens:
            accounting.open_session()
            yield stamp.event(action.millisecond, session_id, _start_session(action))
        outcome = interpreter.interpret(action, session_id)
        if isinstance(outcome, str):
            accounting.drop(action.name, kind, outcome)
            continue
        accounting.land(action.name, kind, [fact["event_type"] for fact in outcome])
        for fact in outcome:
            yield stamp.event(action.millisecond, session_id, fact)


def _start_session(action: Action) -> EventDict:
    device = {"device_type": action.platform} if action.platform in {"web", "mobile"} else {}
    return {"event_type": "session_start", "properties": device}


def _read_actions(file: Path, accounting: Accounting) -> Iterator[Action]:
    for row in _read_rows(file):
        accounting.rows_read += 1
        if isinstance(row, str):
            accounting.drop("?", "unknown", row)
            continue
        millisecond = _parse_millisecond(row["timestamp"])
        name, item = row["action_type"], row["item_id"]
        if not name or not item:
            accounting.drop(name or "?", "unknown", "malformed row: no action or item")
        elif millisecond is None:
            kind = _ITEM_KINDS.get(item[:1], "unknown")
            accounting.drop(name, kind, "malformed row: timestamp out of range")
        else:
            yield Action(millisecond, name, item, row["user_answer"], row["platform"])


def _read_rows(file: Path) -> Iterator[Row | str]:
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        yield from read_rows(lines)


def _parse_millisecond(text: str) -> int | None:
    try:
        millisecond = int(text)
    except ValueError:
        return None
    return millisecond if 0 <= millisecond <= LATEST_MILLISECOND else None


def _first_millisecond(file: Path) -> int:
    rows = (row for row in _read_rows(file) if not isinstance(row, str))
    times = (_parse_millisecond(row["timestamp"]) for row in rows)
    return min((time for time in times if time is not None), default=0)


def _check_columns(file: Path) -> None:
    try:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            columns = next(csv.reader(lines), [])
    except OSError as error:
        raise ReaderError(f"{file} cannot be read: {error.strerror or error}") from error
    missing = find_missing_columns(columns, _COLUMNS)
    if missing:
        raise ReaderError(
            f"{file} has no column {missing}: it is not a learner's file of EdNet KT4"
        )
