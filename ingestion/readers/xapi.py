"""xAPI: statements of a learning record store, one a line, plain or gzipped, in any order.

What each statement becomes is told in docs/readers.md; the mapping itself is in `xapi_statements`.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ingestion.readers.accounting import Accounting
from ingestion.readers.errors import ReaderError
from ingestion.readers.ndjson import BadLine, read_lines
from ingestion.readers.stream import EventDict, SessionParting, Stamp, merge_streams
from ingestion.readers.xapi_facts import Interpreter
from ingestion.readers.xapi_statements import (
    REPEATED,
    VOIDED,
    VOIDS,
    Statement,
    find_voided,
    name_kinds,
    parse_statement,
)

SOURCE = "xapi"
_UNKNOWN = "unknown"


def read_xapi(file: Path, accounting: Accounting) -> Iterator[EventDict]:
    """Yield the events of every learner, in time order; `accounting` fills on the way.

    The statements are held in memory, learner by learner. A bad line is counted by name. Raises
    ReaderError at once where the file cannot be read, breaks off, or holds no statement.
    """
    learners = _read_statements(file, accounting)
    return merge_streams(
        (
            min(statement.millisecond for statement in statements),
            partial(_tell_learner, name, statements, accounting),
        )
        for name, statements in learners.items()
    )


def _tell_learner(
    name: str, statements: list[Statement], accounting: Accounting
) -> Iterator[EventDict]:
    # By id within a millisecond: the file has no order, and the events' ids must not hang on it.
    statements.sort(key=lambda statement: (statement.millisecond, statement.statement_id))
    parting, stamp, interpreter = SessionParting(SOURCE, name), Stamp(SOURCE, name), Interpreter()
    for statement in statements:
        session_id, opens = parting.place(statement.millisecond)
        if opens:
            accounting.open_session()
            start = {"event_type": "session_start", "properties": {}}
            yield stamp.event(statement.millisecond, session_id, start)
        facts = interpreter.interpret(statement)
        if isinstance(facts, str):
            accounting.drop(statement.verb, statement.activity, facts)
            continue
        accounting.land(statement.verb, statement.activity, [fact["event_type"] for fact in facts])
        for fact in facts:
            yield stamp.event(statement.millisecond, session_id, fact)


def _read_statements(file: Path, accounting: Accounting) -> dict[str, list[Statement]]:
    if file.is_dir():
        raise ReaderError(f"{file} is a folder: name a file of xAPI statements, one a line")
    found: dict[str, list[Statement]] = defaultdict(list)
    voided: set[str] = set()
    seen: set[str] = set()
    some = False
    for _, value in read_lines(file):
        accounting.rows_read += 1
        if isinstance(value, BadLine):
            accounting.drop("?", _UNKNOWN, "malformed line: no JSON")
            continue
        some = some or (isinstance(value, dict) and "verb" in value)
        statement = parse_statement(value)
        if isinstance(statement, str):
            accounting.drop(*name_kinds(value), statement)
            continue
        if (target := find_voided(value)) is not None:
            voided.add(target)
            accounting.drop(statement.verb, statement.activity, VOIDS)
        elif statement.statement_id in seen:
            accounting.drop(statement.verb, statement.activity, REPEATED)
        else:
            found[statement.learner].append(statement)
        seen.add(statement.statement_id)
    if not some:
        raise ReaderError(f"{file} holds no xAPI statement: one JSON object a line, with a verb")
    return _without(found, voided, accounting)


def _without(
    found: dict[str, list[Statement]], voided: set[str], accounting: Accounting
) -> dict[str, list[Statement]]:
    """Leave out what a later line took back."""
    kept: dict[str, list[Statement]] = defaultdict(list)
    for learner, statements in found.items():
        for statement in statements:
            if statement.statement_id in voided:
                accounting.drop(statement.verb, statement.activity, VOIDED)
            else:
                kept[learner].append(statement)
    return kept
