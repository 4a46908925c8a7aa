import json
from pathlib import Path

import pytest

from ingestion.store.log import LOG_FOLDER, read_last_words, startup_log

OLD_END = {"pid": 1, "line_num": 9, "error_severity": "FATAL", "message": "what ended the last"}
START = {"pid": 2, "line_num": 1, "error_severity": "LOG", "message": "starting"}
END = {"pid": 2, "line_num": 2, "error_severity": "FATAL", "message": "no room\non the disk"}
CHILD_END = {"pid": 3, "line_num": 1, "error_severity": "PANIC", "message": "no checkpoint record"}
LATER = {"pid": 2, "line_num": 3, "error_severity": "LOG", "message": "shut down"}


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([OLD_END, START, END, LATER], "no room on the disk"),
        ([OLD_END, START, CHILD_END, LATER], "no checkpoint record"),
        # it ended before its log was open
        ([OLD_END], "cannot read its settings"),
        ([OLD_END, START, LATER], "cannot read its settings"),
        ([], "cannot read its settings"),
    ],
)
def test_last_words_are_those_of_the_server_asked_for(
    tmp_path: Path, records: list[dict[str, object]], reason: str
) -> None:
    (tmp_path / LOG_FOLDER).mkdir()
    lines = "\n".join(json.dumps(record) for record in records)
    (tmp_path / LOG_FOLDER / "postgres-2026-01-02.json").write_text(lines + '\n{"pid": 2, "cut')
    (tmp_path / LOG_FOLDER / "postgres-2026-01-01.json").write_text(json.dumps(END))
    startup_log(tmp_path).write_text("cannot read\nits settings\n")
    assert read_last_words(tmp_path, tmp_path, 2) == reason


def test_server_that_left_no_log_said_nothing(tmp_path: Path) -> None:
    assert read_last_words(tmp_path, tmp_path, 2) == "it said nothing"
