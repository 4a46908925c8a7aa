"""The envelope: what every event shares, and text no database can keep."""

from typing import Any
from uuid import UUID

import pytest

from ingestion.events.validation import AcceptedEvent, Rejection
from tests.ingestion.events.factory import (
    RECEIVED_AT,
    accept,
    judge,
    make_event,
    refuse,
    with_property,
    without,
)

USER = "6f1c2b9e-4a53-4e0c-9d55-0b8f6a1f7c21"


@pytest.mark.parametrize("raw", [None, True, 0, 1.5, "session_start", [], [{}], b"{}", object()])
def test_event_that_is_not_an_object_is_rejected(raw: object) -> None:
    assert refuse(raw) == ("not_an_object", "")


def test_accepted_event_carries_the_envelope() -> None:
    accepted = accept(make_event("material_read"))

    assert accepted.event_type == "material_read"
    assert accepted.schema_version == 1
    assert accepted.user_id == UUID(USER)
    assert accepted.session_id == UUID("0b9f3c5a-7a1e-4b52-8f0d-2f6f6a3f9e10")
    assert accepted.material_id == "mat-cardiology-basics"
    assert accepted.chunk_id == "chunk-3"
    assert accepted.topic_id == "cardiology"
    assert accepted.question_id is None
    assert accepted.received_at == RECEIVED_AT


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"event_type": None}, "missing_field", "event_type"),
        ({"event_type": 7}, "wrong_type", "event_type"),
        ({"event_type": ["session_start"]}, "wrong_type", "event_type"),
        ({"event_type": "question_sumbit"}, "unknown_event_type", "event_type"),
        ({"event_type": "Question_Submit"}, "unknown_event_type", "event_type"),
        ({"event_type": "a\x00b"}, "unstorable_text", "event_type"),
        ({"user_id": None}, "missing_field", "user_id"),
        ({"user_id": 12}, "wrong_type", "user_id"),
        ({"user_id": "jane"}, "invalid_value", "user_id"),
        ({"user_id": USER + "0"}, "invalid_value", "user_id"),
        ({"session_id": "s-1"}, "invalid_value", "session_id"),
        ({"session_id": {}}, "wrong_type", "session_id"),
        ({"topic_id": ""}, "out_of_range", "topic_id"),
        ({"topic_id": "t" * 129}, "out_of_range", "topic_id"),
        ({"topic_id": 5}, "wrong_type", "topic_id"),
        ({"event_id": ""}, "out_of_range", "event_id"),
        ({"event_id": "e" * 129}, "out_of_range", "event_id"),
        ({"event_id": 5}, "wrong_type", "event_id"),
        ({"properties": []}, "wrong_type", "properties"),
        ({"properties": "{}"}, "wrong_type", "properties"),
        ({"properties": None}, "missing_field", "properties.is_correct"),
        ({"schema_version": 2}, "unsupported_schema_version", "schema_version"),
        ({"schema_version": 0}, "unsupported_schema_version", "schema_version"),
        ({"schema_version": 10**40}, "unsupported_schema_version", "schema_version"),
        ({"schema_version": float("nan")}, "unsupported_schema_version", "schema_version"),
        ({"schema_version": "1"}, "wrong_type", "schema_version"),
        ({"schema_version": True}, "wrong_type", "schema_version"),
        ({"colour": "blue"}, "unknown_field", "colour"),
        ({"colour": None}, "unknown_field", "colour"),
        ({"received_at": "2026-03-03T12:00:00Z"}, "unknown_field", "received_at"),
    ],
)
def test_envelope_is_checked_field_by_field(changes: dict[str, Any], code: str, path: str) -> None:
    assert refuse(make_event(**changes)) == (code, path)


@pytest.mark.parametrize(
    "text",
    [
        USER.upper(),
        USER.replace("-", ""),
        f"{{{USER}}}",
        f"urn:uuid:{USER}",
    ],
)
def test_uuid_is_the_same_in_every_usual_spelling(text: str) -> None:
    assert accept(make_event(user_id=text)).user_id == UUID(USER)


@pytest.mark.parametrize(
    "text",
    [
        "6f1c2b9e4a-534e0c-9d55-0b8f-6a1f7c21",
        "6f1c2b9e-4a53-4e0c-9d55-0b8f6a1f7c2_",
        "0x1c2b9e-4a53-4e0c-9d55-0b8f6a1f7c21",
        " 6f1c2b9e-4a53-4e0c-9d55-0b8f6a1f7c21",
        "\uff16f1c2b9e-4a53-4e0c-9d55-0b8f6a1f7c21",
    ],
)
def test_uuid_in_no_usual_spelling_is_refused(text: str) -> None:
    assert refuse(make_event(user_id=text)) == ("invalid_value", "user_id")


def test_schema_version_one_may_be_left_out_null_or_a_whole_float() -> None:
    for event in (
        without(make_event(), "schema_version"),
        make_event(schema_version=None),
        make_event(schema_version=1.0),
    ):
        version = accept(event).schema_version
        assert version == 1
        assert type(version) is int


def test_properties_may_be_left_out_where_none_is_required() -> None:
    assert accept(without(make_event("session_pause"), "properties")).properties == {}


@pytest.mark.parametrize("bad", ["a\x00b", "\ud800", "x\udfff", "\x00"])
def test_text_that_cannot_be_stored_is_rejected_wherever_it_stands(bad: str) -> None:
    assert refuse(make_event(topic_id=bad)) == ("unstorable_text", "topic_id")
    assert refuse(make_event(event_id=bad)) == ("unstorable_text", "event_id")
    assert refuse(with_property("search_performed", "query", bad))[0] == "unstorable_text"
    assert refuse({**make_event(), bad: 1})[0] == "unstorable_text"
    assert refuse(with_property("search_performed", bad, 1))[0] == "unstorable_text"
    for filters in ({bad: 1}, {"a": bad}, {"a": [bad]}, [bad]):
        event = with_property("search_performed", "filters_applied", filters)
        assert refuse(event)[0] == "unstorable_text"


def test_text_beyond_the_basic_plane_is_kept() -> None:
    event = with_property("search_performed", "query", "🫀 心臓 ﷽\u0001")

    assert accept(event).properties["query"] == "🫀 心臓 ﷽\u0001"


def test_whole_floats_are_kept_as_integers() -> None:
    accepted = accept(with_property("question_submit", "time_to_answer_seconds", 45.0))

    assert type(accepted.properties["time_to_answer_seconds"]) is int


def test_rejection_of_a_misspelt_name_offers_the_right_one() -> None:
    verdict = judge(with_property("question_submit", "is_corect", True))

    assert isinstance(verdict, Rejection)
    assert verdict.message == "question_submit has no such property; did you mean is_correct?"


def test_rejection_shortens_and_cleans_the_names_it_shows() -> None:
    verdict = judge(with_property("question_submit", "\n" + "k" * 10_000, True))

    assert isinstance(verdict, Rejection)
    assert verdict.path == "properties.?" + "k" * 63 + "…"
    assert len(verdict.message) < 100


def test_rejection_of_a_text_bound_says_which() -> None:
    verdict = judge(with_property("search_performed", "query", "q" * 2_001))

    assert verdict == Rejection(
        "out_of_range", "properties.query", "must have at most 2000 characters"
    )


@pytest.mark.parametrize("depth", [10, 100_000])
def test_nesting_however_deep_is_rejected(depth: int) -> None:
    nested: list[Any] = []
    for _ in range(depth):
        nested = [nested]
    objects: dict[str, Any] = {}
    for _ in range(depth):
        objects = {"a": objects}

    for value in (nested, objects):
        event = with_property("search_performed", "filters_applied", value)
        assert refuse(event)[0] == "wrong_type"
        assert refuse(make_event(topic_id=value))[0] == "wrong_type"
    assert refuse(make_event(properties=nested))[0] == "wrong_type"
    assert refuse(make_event(properties=objects)) == ("unknown_property", "properties.a")


def test_value_that_is_not_json_is_rejected() -> None:
    assert refuse(with_property("search_performed", "query", b"raw")) == (
        "wrong_type",
        "properties.query",
    )
    assert refuse(with_property("search_performed", "filters_applied", {1: 2}))[0] == "wrong_type"


def test_validation_leaves_the_raw_event_as_it_was() -> None:
    event = with_property("search_performed", "filters_applied", {"a": None, "b": 2.0})
    before = repr(event)

    assert isinstance(judge(event), AcceptedEvent)
    assert repr(event) == before
