"""The fast way reads nothing that the careful way would not accept, with the very same values."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingestion.events.columns import microseconds
from ingestion.events.plan import PLAN
from ingestion.events.reading import ReadEvents, read_events
from ingestion.events.validation import AcceptedEvent, validate_event
from tests.ingestion.events.factory import RECEIVED_AT, make_event, with_property
from tests.ingestion.events.test_arbitrary_input import scalars, values

AT = "2026-03-03T09:30:00"


def read(
    *texts: bytes | str, received_at: datetime = RECEIVED_AT, sent_at: datetime | None = None
) -> ReadEvents:
    raws = [text.encode() if isinstance(text, str) else text for text in texts]
    return read_events(raws, received_at=received_at, sent_at=sent_at)


def exact(value: object) -> str:
    """JSON that tells 3 from 3.0 and ignores the order of names."""
    return json.dumps(value, sort_keys=True)


def assert_same(found: ReadEvents, text: bytes | str, sent_at: datetime | None = None) -> None:
    """What was read of one event, if it was, is what judging it singly gives."""
    if found.odd:
        assert not found.positions
        return
    expected = validate_event(json.loads(text), received_at=RECEIVED_AT, sent_at=sent_at)
    assert isinstance(expected, AcceptedEvent), expected
    (event,) = found.structs
    ((key, event_id, client_event_id),) = found.identities
    assert (key, event_id) == (expected.event_id.bytes, str(expected.event_id))
    assert client_event_id == expected.client_event_id
    assert list(found.user_ids) == [expected.user_id.bytes]
    assert list(found.session_ids) == [expected.session_id.bytes if expected.session_id else b""]
    assert list(found.occurred) == [microseconds(expected.occurred_at)]
    assert expected.original_occurred_at is not None
    assert list(found.original) == [microseconds(expected.original_occurred_at)]
    assert expected.sent_at == sent_at
    names = ("schema_version", "material_id", "chunk_id", "question_id", "topic_id")
    for name in names:
        assert getattr(event, name) == getattr(expected, name)
    assert exact(json.loads(found.properties[0])) == exact(expected.properties)


def test_every_example_of_the_plan_is_read_at_once() -> None:
    texts = [json.dumps(make_event(name)) for name in PLAN]
    found = read(*texts)
    assert not found.odd
    for text in texts:
        assert_same(read(text), text)


numbers = st.one_of(
    st.integers(-3, 2**31),
    st.floats(allow_nan=False),
    st.integers(0, 10**6).map(float),
    st.sampled_from([0, 1, 2, 100, 3.0, 1e5, 0.1, -0.0, 1e15, 1e16, 86_400]),
)
members: st.SearchStrategy[Any] = st.one_of(
    numbers,
    st.text(max_size=10),
    st.sampled_from(
        [
            "easy",
            "web",
            "pdf",
            "a@b.example",
            "Dr. Ann Lee",
            "Europe/Berlin",
            "x.0,",
            True,
            None,
            [],
            ["a"],
            {},
        ]
    ),
    st.dictionaries(st.text(max_size=5), st.lists(numbers | st.text(max_size=5), max_size=3)),
)


@st.composite
def nearly_right(draw: st.DrawFn) -> dict[str, Any]:
    """An event of the plan with some of its properties and fields changed."""
    name = draw(st.sampled_from(sorted(PLAN)))
    event = make_event(name)
    known = sorted(PLAN[name].properties.model_fields)
    changed = draw(st.dictionaries(st.sampled_from(known), members | values, max_size=3))
    event["properties"] = {**event["properties"], **changed}
    fields = st.sampled_from(["material_id", "topic_id", "session_id", "event_id", "sent_at"])
    return event | draw(st.dictionaries(fields, scalars, max_size=2))


@settings(max_examples=400, deadline=None)
@given(event=nearly_right(), in_ascii=st.booleans())
@example(event=with_property("question_submit", "time_to_answer_seconds", 30.0), in_ascii=True)
@example(event=with_property("search_performed", "filters_applied", {"a": 1.0}), in_ascii=True)
@example(event=with_property("search_performed", "filters_applied", {"a": None}), in_ascii=True)
@example(event=with_property("search_performed", "query", "a\0b"), in_ascii=True)
@example(event=with_property("search_performed", "query", "\ud800"), in_ascii=True)
@example(event=with_property("session_start", "timezone", "Mars/Olympus"), in_ascii=True)
def test_what_is_read_is_what_is_accepted(event: dict[str, Any], in_ascii: bool) -> None:
    text = json.dumps(event, ensure_ascii=in_ascii).encode("utf-8", "surrogatepass")
    assert_same(read(text), text)


PRIVATE = ["ann.lee@example.org", "call 030 901820 or +49 30 901820", "SSN 078-05-1120", "[email]"]


@pytest.mark.parametrize("text", PRIVATE)
def test_private_data_are_left_to_the_guard(text: str) -> None:
    places = [
        with_property("search_performed", "query", text),
        with_property("search_performed", "filters_applied", {"q": text}),
        with_property("search_performed", "filters_applied", {text: "q"}),
        with_property("search_performed", "filters_applied", [text]),
        with_property("ai_question_asked", "detected_topics", [text]),
        with_property("material_open", "material_name", text),
        with_property("quiz_start", "quiz_id", text),
        *(make_event(**{field: text}) for field in ("event_id", "topic_id", "question_id")),
    ]
    for event in places:
        text = json.dumps(event)
        assert_same(read(text), text)
    assert read(json.dumps(with_property("search_performed", "query", PRIVATE[0]))).odd == [0]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_damaged_text_is_not_read_otherwise_than_json_reads_it(data: st.DataObject) -> None:
    text = bytearray(json.dumps(make_event(data.draw(st.sampled_from(sorted(PLAN))))).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + data.draw(st.integers(0, 2))] = data.draw(
            st.binary(max_size=2) | st.sampled_from([b",", b'"', b"0", b".", b"e1", b"null", b"{"])
        )
    assert_same(read(bytes(text)), bytes(text))


INSTANTS = [
    f"{AT}Z",
    f"{AT}.1Z",
    f"{AT}.123Z",
    f"{AT}.123456Z",
    f"{AT}.1234567Z",
    f"{AT}.999999999Z",
    f"{AT}+02:00",
    f"{AT}.5-23:59",
    f"{AT}z",
    "2026-03-03t09:30:00Z",
    "2026-03-03 09:30:00Z",
    AT,
    f"{AT},123Z",
    "2026-W10-2T09:30:00Z",
    "2026-W10-2T09:30:00.123Z",
    "2026-02-30T09:30:00Z",
    "2026-03-03T24:00:00Z",
    "2026-03-03T09:30:60Z",
    "20260303T093000.0000Z",
    "２026-03-03T09:30:00Z",  # noqa: RUF001 (a digit, but not one of ours)
    "2026-03-04T12:00:00Z",
    "2026-03-04T12:00:00.000001Z",
    "1969-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    None,
    5,
]


@pytest.mark.parametrize("instant", INSTANTS)
@pytest.mark.parametrize("sent_at", [None, RECEIVED_AT - timedelta(hours=1, microseconds=7)])
@pytest.mark.parametrize("event_id", [None, "019cb36f-fbc0-7d6e-8f00-5a1b2c3d4e5f", "message-1"])
def test_time_is_read_as_one_by_one(
    instant: object, sent_at: datetime | None, event_id: object
) -> None:
    text = json.dumps(make_event(occurred_at=instant, event_id=event_id))
    assert_same(read(text, sent_at=sent_at), text, sent_at)


UUIDS = [
    "019cb36f-fbc0-7d6e-8f00-5a1b2c3d4e5f",
    "019CB36F-FBC0-7D6E-8F00-5A1B2C3D4E5F",
    "019cb36ffbc07d6e8f005a1b2c3d4e5f",
    "{019cb36f-fbc0-7d6e-8f00-5a1b2c3d4e5f}",
    "6f1c2b9e-4a53-4e0c-9d55-0b8f6a1f7c21",
    "019cb36f-fbc0-7d6e-cf00-5a1b2c3d4e5f",
    "019cb36f-fbc0-7d6e-8f00-5a1b2c3d4e5",
    "019cb36f-fbc0-7d6e-8f00-5a1b2c3d4e5g",
    "019cb36f-fbc0-7d6e-8f00- a1b2c3d4e5f",
    "019cb36f-fbc0-7d6e-8f00--a1b2c3d4e5f",
    "019cb36ffbc0-7d6e-8f00-5a1b-2c3d4e5f",
    "1aaaaaaa-fbc0-7d6e-8f00-5a1b2c3d4e5f",
    "ffffffff-ffff-7fff-bfff-ffffffffffff",
    "message 1",
    "",
]


@pytest.mark.parametrize("field", ["event_id", "user_id", "session_id"])
@pytest.mark.parametrize("uuid", UUIDS)
def test_uuid_is_read_as_one_by_one(field: str, uuid: str) -> None:
    text = json.dumps(make_event(**{field: uuid}))
    assert_same(read(text), text)
    beside = read(json.dumps(make_event()), text)
    assert 0 in beside.positions
    assert (1 in beside.positions) is not bool(read(text).odd)


def test_usual_spellings_take_the_fast_way() -> None:
    usual = [
        make_event(occurred_at=f"{AT}.123Z"),
        make_event(occurred_at=f"{AT}.123456+00:00", session_id=None),
        make_event(event_id="6f1c2b9e-4a53-4e0c-9d55-0b8f6a1f7c21"),
        with_property("question_submit", "hint_used", None),
        with_property("question_submit", "time_to_answer_seconds", 30.0),
        with_property("search_performed", "query", "ß 日本語"),
    ]
    assert not read(*map(json.dumps, usual)).odd


def test_odd_events_leave_the_others_alone() -> None:
    good = json.dumps(make_event())
    found = read("{}", good, "null", good, b'"\xff"')
    assert list(found.positions) == [1, 3]
    assert list(found.odd) == [0, 2, 4]
    assert all(len(column) == 2 for column in (found.structs, found.identities, found.properties))


def test_nothing_to_read_is_nothing_read() -> None:
    assert read().positions == []


def test_event_of_the_last_day_there_is_does_not_leave_the_calendar() -> None:
    late = datetime(9999, 12, 31, 23, tzinfo=UTC)
    text = json.dumps(make_event(occurred_at="9999-12-31T23:59:59Z", event_id="m"))
    assert read(text, received_at=late, sent_at=late - timedelta(hours=2)).odd == [0]
