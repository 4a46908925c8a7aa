"""xAPI statements: every line accounted for, the same events whatever their order."""

import gzip
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ingestion.readers.accounting import Accounting, AccountingLine
from ingestion.readers.errors import ReaderError
from ingestion.readers.stream import EventDict
from ingestion.readers.xapi import read_xapi
from tests.ingestion.readers.streams import assert_sound, occurred_at

ADL = "http://adlnet.gov/expapi/verbs/"
PROFILE = "https://w3id.org/xapi/video/"
VIDEO = "https://w3id.org/xapi/video/activity-type/video"
COURSE = "course-v1:heart+01"


def statement(verb: str, at: str = "09:00:00", **more: Any) -> dict[str, Any]:
    """A statement of 1 March 2026; give fields to make it another."""
    number = random.Random(f"{verb}{at}{more}").getrandbits(48)
    return {
        "id": f"9dc99b37-e920-4a68-a066-{number:012x}",
        "actor": {"account": {"homePage": "http://lms.example", "name": "l1"}},
        "verb": {"id": (PROFILE + "verbs/" if verb in ("played", "paused") else ADL) + verb},
        "object": {"id": "uuid://v1", "definition": {"type": VIDEO}},
        "context": {
            "contextActivities": {"parent": [{"id": COURSE}]},
            "extensions": {
                PROFILE + "extensions/session-id": "s1",
                PROFILE + "extensions/length": 200,
            },
        },
        "timestamp": f"2026-03-01T{at}.500+01:00",
    } | more


def told(segments: str, **more: object) -> dict[str, Any]:
    """What a player tells of itself."""
    known = {"played-segments": segments, **more}
    return {"extensions": {f"{PROFILE}extensions/{name}": value for name, value in known.items()}}


def read(folder: Path, *lines: object) -> tuple[list[EventDict], Accounting]:
    file = folder / "statements.json.gz"
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    file.write_bytes(gzip.compress("\n".join(texts).encode()))
    accounting = Accounting()
    events = list(read_xapi(file, accounting))
    assert accounting.is_complete
    assert accounting.events == Counter(event["event_type"] for event in events)
    return events, accounting


def facts(events: list[EventDict]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (event["event_type"], event["properties"])
        for event in events
        if event["event_type"] != "session_start"
    ]


def test_video_is_opened_watched_and_completed(tmp_path: Path) -> None:
    events, accounting = read(
        tmp_path,
        statement("initialized", "09:00:00"),
        statement("played", "09:00:01"),
        statement("paused", "09:01:01", result=told("0[.]60", time=60)),
        statement("seeked", "09:01:10"),
        statement("played", "09:01:11"),
        statement("completed", "09:02:41", result=told("0[.]60[,]100[.]190", progress=0.95)),
        statement("terminated", "09:02:42", result=told("0[.]60[,]100[.]190", time=190)),
    )
    assert facts(events) == [
        ("material_open", {"material_type": "video"}),
        ("material_read", {"time_spent_seconds": 60, "scroll_depth_percent": 30}),
        ("material_read", {"time_spent_seconds": 90}),
        ("material_complete", {"completion_percentage": 95, "total_time_seconds": 150}),
    ]
    assert events[1]["material_id"] == "uuid://v1"
    assert events[1]["topic_id"] == COURSE
    assert events[1]["occurred_at"] == "2026-03-01T08:00:00.500Z"
    assert (accounting.landed, accounting.dropped) == (3, 4)
    assert_sound(events)


def test_order_of_the_lines_does_not_matter(tmp_path: Path) -> None:
    lines = [
        statement("played", f"09:{minute:02}:00", object={"id": f"uuid://v{minute % 3}"})
        for minute in range(0, 60, 2)
    ] + [statement("paused", f"09:{minute:02}:30") for minute in range(0, 60, 3)]
    events, _ = read(tmp_path, *lines)
    random.Random(1).shuffle(lines)
    assert read(tmp_path, *lines)[0] == events
    assert_sound(events)


def test_lost_statements_lose_no_time_and_make_none(tmp_path: Path) -> None:
    events, _ = read(
        tmp_path,
        statement("paused", "09:10:00", result=told("0[.]100")),  # the first that was kept
        statement("paused", "09:15:00", result=told("0[.]100[,]100[.]250")),
        statement("paused", "09:15:10", result=told("0[.]900")),  # more than time has passed
        statement("paused", "09:16:00", result=told("0[.]20[,]30")),  # begun anew, and jumping
        statement("paused", "09:16:10", result=told("0[.]20")),
    )
    spent = [properties["time_spent_seconds"] for _, properties in facts(events)]
    assert spent == [100, 150, 10, 20]


def test_player_without_segments_is_measured_by_the_clock(tmp_path: Path) -> None:
    events, accounting = read(
        tmp_path,
        statement("played", "09:00:00"),
        statement("paused", "09:00:40"),
        statement("paused", "09:00:50"),
        statement("played", "09:01:00"),
        statement("paused", "09:40:00"),
    )
    assert facts(events) == [
        ("material_open", {"material_type": "video"}),
        ("material_read", {"time_spent_seconds": 40}),
    ]
    reasons = {line.what: line.count for line in accounting.lines() if not line.landed}
    assert reasons == {
        "begins a span that its pause or end tells": 1,
        "nothing was playing": 1,
        "played for over 30 minutes without a word: no time to tell": 1,
    }


def test_answer_is_a_submit(tmp_path: Path) -> None:
    result = {"success": True, "response": "b", "duration": "PT1M2.5S"}
    events, _ = read(
        tmp_path,
        statement("answered", "09:00:00", object={"id": "q1"}, result=result),
        statement("answered", "09:00:09", object={"id": "q2"}, result={"success": False}),
        statement("answered", "09:00:10", object={"id": "q3"}, result={"response": "c"}),
    )
    answered = {"is_correct": True, "selected_answer": "b", "time_to_answer_seconds": 62.5}
    assert facts(events) == [
        ("question_submit", answered),
        ("question_submit", {"is_correct": False}),
    ]
    assert [event.get("question_id") for event in events] == [None, "q1", "q2"]


def test_page_is_opened_and_read_as_long_as_it_says(tmp_path: Path) -> None:
    page = {"id": "http://lms.example/" + "x" * 200, "definition": {"type": "http://a/page#"}}
    events, _ = read(
        tmp_path,
        statement("experienced", "09:00:00", object=page, result={"duration": "PT45S"}),
        statement("experienced", "09:01:00", object=page, result={"duration": "P1Y"}),
    )
    assert facts(events) == [
        ("material_open", {"material_type": "page"}),
        ("material_read", {"time_spent_seconds": 45}),
        ("material_open", {"material_type": "page"}),
    ]
    assert len(events[1]["material_id"]) == 36
    assert_sound(events)


def test_what_was_taken_back_or_said_twice_counts_once(tmp_path: Path) -> None:
    opened, twice = statement("initialized", "09:00:00"), statement("initialized", "09:09:00")
    taken_back = {"objectType": "StatementRef", "id": opened["id"].upper()}
    events, accounting = read(
        tmp_path, statement("voided", "10:00:00", object=taken_back), opened, twice, twice
    )
    assert len(facts(events)) == 1
    reasons = Counter(line.what for line in accounting.lines() if not line.landed)
    assert reasons.keys() == {
        "voids another statement",
        "voided by another statement",
        "statement of the same id before",
    }


def test_sessions_part_at_gaps_and_learners_are_kept_apart(tmp_path: Path) -> None:
    other = {"mbox": "mailto:someone@lms.example"}
    events, accounting = read(
        tmp_path,
        statement("initialized", "09:00:00"),
        statement("initialized", "09:30:01"),
        statement("initialized", "09:10:00", actor=other),
    )
    assert accounting.sessions == 3
    assert len({event["user_id"] for event in events}) == 2
    assert "someone" not in json.dumps(events)
    assert occurred_at(events[0]) <= occurred_at(events[-1])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "malformed line: no JSON"),
        ("7", "malformed statement: no verb or object"),
        (statement("played") | {"verb": None}, "malformed statement: no verb or object"),
        (statement("played", object={"id": "\ud800"}), "malformed statement: no verb or object"),
        (statement("played", timestamp="yesterday"), "malformed statement: no timestamp, or"),
        (statement("played", timestamp="1900-01-01T00:00:00Z"), "malformed statement: no time"),
        (statement("played", actor={"objectType": "Group"}), "an actor that is no identified"),
        (statement("played", actor={"mbox": "\udcff"}), "an actor that is no identified person"),
        (statement("played", actor=[]), "an actor that is no identified person"),
        (statement("danced"), "verb has no counterpart"),
        (statement("paused", result=told("0[.]nan")), "nothing was playing"),
        (statement("paused", result=told("0[.]1e999")), "nothing was playing"),
    ],
)
def test_line_that_says_nothing_is_named(tmp_path: Path, line: object, reason: str) -> None:
    events, accounting = read(tmp_path, line, statement("initialized"))
    assert len(facts(events)) == 1
    (dropped,) = [found for found in accounting.lines() if not found.landed]
    assert dropped.what.startswith(reason)


@pytest.mark.parametrize("content", [b"", b"no json\n", b'{"event_type": "x"}\n', None])
def test_file_that_is_something_else_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ReaderError) as caught:
        read_xapi(file, Accounting())
    assert "\n" not in str(caught.value)
    with pytest.raises(ReaderError, match="is a folder"):
        read_xapi(tmp_path, Accounting())


def test_real_statements_are_all_there(real_data: Path) -> None:
    accounting = Accounting()
    events = list(read_xapi(real_data / "xapi" / "statements.json.gz", accounting))
    assert accounting.is_complete
    assert (accounting.rows_read, accounting.landed) == (22_000, 10_962)
    completed = AccountingLine("completed", "video", True, "material_complete", 108)
    assert completed in accounting.lines()
    assert len({event["user_id"] for event in events}) == 1_452
    assert_sound(events)
