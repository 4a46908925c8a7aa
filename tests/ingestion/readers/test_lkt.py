"""LKT: answers and study trials, none lost."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from ingestion.readers.accounting import Accounting, AccountingLine
from ingestion.readers.errors import ReaderError
from ingestion.readers.lkt import read_lkt
from ingestion.readers.stream import EventDict
from tests.ingestion.readers.streams import assert_sound, occurred_at

HEADER = "user_id,item_id,kc_cluster,timestamp,outcome,response_ms,unit,condition"
START = 1_446_000_000


def write(folder: Path, *rows: str) -> Path:
    file = folder / "attempts.csv.gz"
    file.write_bytes(gzip.compress("\n".join([HEADER, *rows, ""]).encode()))
    return file


def read(file: Path) -> tuple[list[EventDict], Accounting]:
    accounting = Accounting()
    events = list(read_lkt(file, accounting))
    assert accounting.is_complete
    assert accounting.events == Counter(event["event_type"] for event in events)
    return events, accounting


def test_answer_is_a_submit_at_the_moment_it_was_given(tmp_path: Path) -> None:
    events, _ = read(write(tmp_path, f"7,12,3,{START},CORRECT,4500,Practice,A"))
    start, submit = events
    assert start["event_type"] == "session_start"
    assert start["properties"] == {}
    assert submit["question_id"] == "item-12"
    assert submit["topic_id"] == "cluster-3"
    assert submit["properties"] == {"is_correct": True, "time_to_answer_seconds": 4.5}
    assert (occurred_at(submit) - occurred_at(start)).total_seconds() == 4.5


def test_study_trial_is_read_until_the_next_trial(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        f"7,12,3,{START},STUDY,-1,Practice,A",
        f"7,13,3,{START + 16},STUDY,-1,Practice,A",
        f"7,14,3,{START + 86_400},INCORRECT,-1,Posttest,A",
    )
    events, accounting = read(file)
    reads = [event for event in events if event["event_type"] == "material_read"]
    assert [event["properties"]["time_spent_seconds"] for event in reads] == [16.0, 0.0]
    assert [event["material_id"] for event in reads] == ["item-12", "item-13"]
    assert accounting.sessions == 2
    assert events[-1]["properties"] == {"is_correct": False}  # its time was not measured
    assert_sound(events)


def test_bad_rows_are_named(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        f"7,12,3,{START},PERHAPS,1,,",
        "7,12,3,noon,CORRECT,1,,",
        "7,12,3,-9,CORRECT,1,,",
        f"7,12,3,{START},CORRECT,nan,,",
        f"7,,3,{START},CORRECT,1,,",
        "7,12",
        f"7,12,3,{START},CORRECT,1000,,",
    )
    events, accounting = read(file)
    assert len(events) == 2
    assert accounting.rows_read == 7
    assert AccountingLine("PERHAPS", "item", False, "unknown outcome", 1) in accounting.lines()
    assert accounting.dropped == 6


def test_file_cut_off_is_not_taken_for_whole(tmp_path: Path) -> None:
    file = write(tmp_path, *(f"{n},{n},3,{START + n},CORRECT,{n},x{n * n},A" for n in range(5_000)))
    file.write_bytes(file.read_bytes()[:-2_000])
    with pytest.raises(ReaderError, match="cannot be read to its end"):
        read_lkt(file, Accounting())


@pytest.mark.parametrize(
    "content",
    [b"", b"plain text", gzip.compress(b"a,b\n1,2\n"), None],
    ids=["empty", "plain", "other columns", "missing"],
)
def test_wrong_file_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "attempts.csv.gz"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ReaderError) as caught:
        read_lkt(file, Accounting())
    assert "\n" not in str(caught.value)


def test_real_trials_are_all_there(real_data: Path) -> None:
    events, accounting = read(real_data / "lkt")
    assert accounting.rows_read == 58_316
    assert accounting.dropped == 0
    assert accounting.events["question_submit"] == 55_122
    assert accounting.events["material_read"] == 3_194
    right = sum(event["properties"].get("is_correct", False) for event in events)
    assert right == 30_045
    assert len({event["user_id"] for event in events}) == 478
    assert_sound(events)
