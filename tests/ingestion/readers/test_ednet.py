"""EdNet: what each action becomes, and that none is lost."""

import csv
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from ingestion.readers.accounting import Accounting, AccountingLine
from ingestion.readers.ednet import read_ednet
from ingestion.readers.errors import ReaderError
from ingestion.readers.stream import EventDict
from tests.ingestion.readers.streams import assert_sound, occurred_at

QUESTIONS = """question_id,bundle_id,explanation_id,correct_answer,part,tags,deployed_at
q1,b1,e1,b,1,7;2,0
q2,b2,e2,a,3,9,0
q3,b2,e2,c,3,10,0
q4,b4,e4,d,5,-1,0
"""
HEADER = "timestamp,action_type,item_id,cursor_time,source,user_answer,platform"
START = 1_566_000_000_000
MINUTE = 60_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "questions.csv").write_text(QUESTIONS, encoding="utf-8")
    return tmp_path


def write_learner(folder: Path, *rows: tuple[float, str, str, str], name: str = "u1") -> None:
    """Rows of (minutes from the start, action, item, answer)."""
    lines = [
        f"{START + int(minutes * MINUTE)},{action},{item},,sprint,{answer},mobile"
        for minutes, action, item, answer in rows
    ]
    (folder / f"{name}.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")


def read(folder: Path) -> tuple[list[EventDict], Accounting]:
    accounting = Accounting()
    events = list(read_ednet(folder, accounting))
    assert accounting.is_complete
    assert accounting.events == Counter(event["event_type"] for event in events)
    return events, accounting


def of_type(events: list[EventDict], event_type: str) -> list[EventDict]:
    return [event for event in events if event["event_type"] == event_type]


def test_bundle_becomes_views_attempts_and_judged_submits(folder: Path) -> None:
    write_learner(
        folder,
        (0, "enter", "b2", ""),
        (1, "respond", "q2", "b"),
        (2, "respond", "q2", "a"),
        (3, "respond", "q3", "d"),
        (4, "submit", "b2", ""),
    )
    events, _ = read(folder)
    assert [(event["event_type"], event.get("question_id")) for event in events] == [
        ("session_start", None),
        ("question_view", "q2"),
        ("question_view", "q3"),
        ("question_attempt", "q2"),
        ("question_attempt", "q2"),
        ("question_attempt", "q3"),
        ("question_submit", "q2"),
        ("question_submit", "q3"),
    ]
    assert all("is_correct" not in event["properties"] for event in events[3:6])
    assert [event["properties"] for event in events[6:]] == [
        {
            "selected_answer": "a",
            "correct_answer": "a",
            "is_correct": True,
            "time_to_answer_seconds": 240.0,
        },
        {
            "selected_answer": "d",
            "correct_answer": "c",
            "is_correct": False,
            "time_to_answer_seconds": 240.0,
        },
    ]
    assert [event["topic_id"] for event in events[6:]] == ["part-3-tag-9", "part-3-tag-10"]
    assert_sound(events)


def test_submit_counts_only_responses_since_the_bundle_was_entered(folder: Path) -> None:
    write_learner(
        folder,
        (0, "enter", "b1", ""),
        (1, "respond", "q1", "b"),
        (2, "enter", "b1", ""),
        (3, "submit", "b1", ""),
        (4, "respond", "q1", "c"),
        (5, "submit", "b1", ""),
        (6, "submit", "b1", ""),
    )
    events, accounting = read(folder)
    (submit,) = of_type(events, "question_submit")
    assert submit["properties"]["selected_answer"] == "c"
    assert "time_to_answer_seconds" not in submit["properties"]  # it was not open any more
    dropped = AccountingLine("submit", "bundle", False, "submit without a response", 2)
    assert dropped in accounting.lines()
    views = of_type(events, "question_view")
    assert [view["properties"]["is_first_view"] for view in views] == [True, False]


def test_explanation_is_read_from_enter_to_quit(folder: Path) -> None:
    write_learner(
        folder, (0, "enter", "e4", ""), (0.5, "play_audio", "b4", ""), (1.5, "quit", "e4", "")
    )
    events, accounting = read(folder)
    opened, read_event = events[1:]
    assert opened["properties"] == {"material_type": "explanation"}
    assert opened["material_id"] == "e4"
    assert opened["topic_id"] == "part-5"  # untagged
    assert read_event["event_type"] == "material_read"
    assert read_event["properties"] == {"time_spent_seconds": 90.0}
    assert "audio within an explanation: part of its reading time" in {
        line.what for line in accounting.lines()
    }


def test_lecture_is_read_while_it_plays(folder: Path) -> None:
    write_learner(
        folder,
        (0, "enter", "l7", ""),
        (1, "play_video", "l7", ""),
        (1.1, "play_video", "l7", ""),
        (3, "pause_video", "l7", ""),
        (9, "play_video", "l7", ""),
        (10, "quit", "l7", ""),
        (11, "enter", "l8", ""),
        (13, "quit", "l8", ""),
    )
    events, accounting = read(folder)
    spans = [
        event["properties"]["time_spent_seconds"] for event in of_type(events, "material_read")
    ]
    assert spans == [120.0, 60.0, 120.0]  # played, still playing when left, never played
    assert "was playing already" in {line.what for line in accounting.lines()}


def test_sessions_are_parted_by_more_than_half_an_hour(folder: Path) -> None:
    write_learner(
        folder,
        (0, "enter", "b1", ""),
        (30, "respond", "q1", "b"),
        (60.01, "submit", "b1", ""),
        (61, "enter", "e1", ""),
        (100, "quit", "e1", ""),
    )
    events, accounting = read(folder)
    starts = of_type(events, "session_start")
    assert [event["properties"] for event in starts] == [{"device_type": "mobile"}] * 3
    assert len({event["session_id"] for event in events}) == 3
    assert events[0]["session_id"] == events[2]["session_id"] != events[3]["session_id"]
    (submit,) = of_type(events, "question_submit")
    assert "time_to_answer_seconds" not in submit["properties"]
    assert "away for over 30 minutes: no time to tell" in {line.what for line in accounting.lines()}


def test_payment_opens_no_session(folder: Path) -> None:
    write_learner(folder, (0, "pay", "p1", ""), (90, "enter", "b1", ""))
    events, accounting = read(folder)
    assert [event["event_type"] for event in events] == ["session_start", "question_view"]
    assert AccountingLine("pay", "payment", False, "payment", 1) in accounting.lines()


def test_bad_rows_are_named_and_hide_nothing(folder: Path) -> None:
    good = f"{START},enter,b1,,sprint,,web"
    bad = [
        "yesterday,enter,b1,,sprint,,web",
        "-5,enter,b1,,sprint,,web",
        "99999999999999999,enter,b1,,sprint,,web",
        f"{START},enter",
        "",
        f"{START},enter,b9999,,sprint,,web",
        f"{START},respond,q9999,,sprint,a,web",
        f"{START},respond,q1,,sprint,,web",
        f"{START},enter,e9999,,sprint,,web",
        f"{START},dance,q1,,sprint,,web",
        f"{START},enter,b1,,sprint,,web,one,too,many",
        f"{START},enter,{'x' * 200_000},,sprint,,web",
        f"{START},quit,e1,,sprint,,web",
        f"{START},pause_video,l1,,sprint,,web",
        f"{START},quit,b1,,sprint,,web",
    ]
    lines = [HEADER, *bad, good]
    (folder / "u1.csv").write_bytes(("\n".join(lines) + "\n").encode() + b"\xff\xfe,\x00,\n")
    events, accounting = read(folder)
    assert [event["event_type"] for event in events] == ["session_start", "question_view"]
    assert accounting.rows_read == len(bad) - 1 + 2  # an empty line is no row; the good, the bytes
    reasons = Counter[str]()
    for line in accounting.lines():
        if not line.landed:
            reasons[line.what] += line.count
    assert reasons["item not in questions.csv"] == 3
    assert {"unknown action", "response without an answer", "was not open"} <= set(reasons)


def test_learners_are_merged_in_time_order(folder: Path) -> None:
    write_learner(folder, (0, "enter", "b1", ""), (20, "enter", "b1", ""), name="u2")
    write_learner(folder, (25, "enter", "b1", ""), (10, "enter", "b2", ""), name="u10")
    (folder / "u3.csv").write_text(HEADER + "\n", encoding="utf-8")
    events, _ = read(folder)
    assert_sound(events)
    users = [event["user_id"] for event in of_type(events, "question_view")]
    assert users[0] == users[3] != users[1] == users[2] == users[4]


@pytest.mark.parametrize("missing", ["folder", "questions", "columns", "question columns"])
def test_wrong_folder_is_one_line(folder: Path, missing: str) -> None:
    write_learner(folder, (0, "enter", "b1", ""))
    if missing == "folder":
        folder = folder / "nowhere"
    elif missing == "questions":
        (folder / "questions.csv").unlink()
    elif missing == "columns":
        (folder / "u1.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    else:
        (folder / "questions.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ReaderError) as caught:
        read_ednet(folder, Accounting())
    assert "\n" not in str(caught.value)


def test_real_learners_are_accounted_for_to_the_last_action(real_data: Path) -> None:
    events, accounting = read(real_data / "ednet")
    assert accounting.rows_read == 18_256
    assert accounting.landed + accounting.dropped == 18_256
    assert_sound(events)
    dropped = Counter(
        {(line.action, line.item): line.count for line in accounting.lines() if not line.landed}
    )
    assert dropped["erase_choice", "question"] == 414
    assert dropped["pay", "payment"] == 5
    assert accounting.events["question_attempt"] == 3_055
    assert accounting.events["material_open"] == 2_688
    assert read(real_data / "ednet")[0] == events  # a second run: the same events


def test_real_answers_equal_a_count_of_their_own(real_data: Path) -> None:
    """Counted another way: for each submit, walk back to where its bundle was entered."""
    folder = real_data / "ednet"
    key: dict[str, str] = {}
    bundles: defaultdict[str, list[str]] = defaultdict(list)
    with (folder / "questions.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            key[row["question_id"]] = row["correct_answer"]
            bundles[row["bundle_id"]].append(row["question_id"])
    right = answered = 0
    for file in folder.glob("u*.csv"):
        with file.open(encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        for at, row in enumerate(rows):
            if row["action_type"] != "submit":
                continue
            last: dict[str, str] = {}
            for earlier in reversed(rows[:at]):
                if earlier["item_id"] == row["item_id"] and earlier["action_type"] == "enter":
                    break
                is_response = earlier["action_type"] == "respond"
                if is_response and earlier["item_id"] in bundles[row["item_id"]]:
                    last.setdefault(earlier["item_id"], earlier["user_answer"])
            answered += len(last)
            right += sum(key[question] == answer for question, answer in last.items())
    events, _ = read(folder)
    submits = of_type(events, "question_submit")
    assert len(submits) == answered
    assert sum(event["properties"]["is_correct"] for event in submits) == right
    assert 0.5 < right / answered < 0.8


def test_real_reading_time_is_plausible(real_data: Path) -> None:
    events, _ = read(real_data / "ednet")
    spans = [
        event["properties"]["time_spent_seconds"] for event in of_type(events, "material_read")
    ]
    assert len(spans) == 2_828
    assert max(spans) <= 30 * 60
    assert occurred_at(events[0]).year == 2019
