"""What a message becomes, or why it becomes nothing."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.events.plan import PLAN
from ingestion.events.refusal import Rejection
from ingestion.landing.dialect import Translation
from ingestion.segment.messages import trim_message
from ingestion.segment.rules import (
    SegmentRules,
    SegmentRulesError,
    built_in_rules,
    load_segment_rules,
)
from ingestion.segment.spelling import spellings, to_snake
from ingestion.segment.translation import segment_dialect
from tests.ingestion.segment.messages import LEARNER, SESSION, page, track

RULES = """
[events."Lecture Watched"]
event_type = "material_read"
fields = { lectureId = "material_id", watched = "time_spent_seconds" }
defaults = { topic_id = "lectures", is_complete = false }
ignore = ["plan"]

[pages."Lecture"]
event_type = "material_open"
fields = { lecture = "material_id" }
defaults = { material_type = "video" }
"""


def translate(
    message: object, rules: SegmentRules | None = None, call: str | None = None
) -> Translation | Rejection:
    return segment_dialect(rules or built_in_rules()).translate(trim_message(message, call=call))


def event_of(message: object, rules: SegmentRules | None = None) -> dict[str, Any]:
    translation = translate(message, rules)
    assert isinstance(translation, Translation), translation
    return translation.event


def refusal_of(message: object, call: str | None = None) -> tuple[str, str]:
    refusal = translate(message, call=call)
    assert isinstance(refusal, Rejection), refusal
    return refusal.code, refusal.path


@pytest.mark.parametrize("event_type", PLAN)
def test_every_event_type_goes_by_its_own_name(event_type: str) -> None:
    names = spellings(event_type)
    assert names[0] == event_type
    assert names[1].lower().replace(" ", "_") == event_type
    for name in names:
        assert event_of(track(name))["event_type"] == event_type


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("materialId", "material_id"),
        ("materialID", "material_id"),
        ("MaterialId", "material_id"),
        ("material_id", "material_id"),
        ("timeToAnswerSeconds", "time_to_answer_seconds"),
        ("newTotalXP", "new_total_xp"),
        ("XPAmount", "xp_amount"),
    ],
)
def test_property_is_spelt_as_the_plan_does(name: str, snake: str) -> None:
    assert to_snake(name) == snake


def test_message_becomes_an_event_of_the_plan() -> None:
    message = track()
    assert event_of(message) == {
        "event_type": "question_submit",
        "event_id": message["messageId"],
        "user_id": LEARNER,
        "session_id": SESSION,
        "occurred_at": message["timestamp"],
        "question_id": "q5012",
        "topic_id": "cardiology",
        "properties": {"is_correct": True, "time_to_answer_seconds": 45},
    }


def test_original_timestamp_goes_before_a_corrected_one() -> None:
    event = event_of(track(originalTimestamp="2026-01-01T00:00:00Z"))
    assert event["occurred_at"] == "2026-01-01T00:00:00Z"


def test_stamp_of_sending_is_the_batches_where_it_has_one() -> None:
    message = track(sentAt="2026-01-01T00:00:01Z")
    assert event_of(message)["sent_at"] == "2026-01-01T00:00:01Z"
    assert "sentAt" not in trim_message(message, in_batch=True)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("timezone", "found"),
    [
        ("Asia/Kolkata", {"timezone": "Asia/Kolkata"}),
        ("GMT+0200", {}),  # as RudderStack's SDK says it
        (7, {}),
    ],
)
def test_session_start_learns_the_timezone_from_the_context(
    timezone: object, found: dict[str, str]
) -> None:
    message = track("Session Start", properties={"sessionId": SESSION})
    assert event_of(message | {"context": {"timezone": timezone}})["properties"] == found
    said = message | {"properties": {"timezone": "Europe/Rome"}}
    assert event_of(said)["properties"] == {"timezone": "Europe/Rome"}


def test_page_says_what_was_studied_by_its_name() -> None:
    event = event_of(page("Topic", topicId="cardiology", currentMastery=0.5))
    assert event["event_type"] == "topic_explored"
    assert event["topic_id"] == "cardiology"
    assert event["properties"] == {"current_mastery": 0.5}
    assert event_of(page("Material", materialId="m1"))["event_type"] == "material_open"
    named = page(None, questionId="q1")
    named["properties"]["name"] = "Question"  # RudderStack's way
    assert event_of(named | {"type": "screen"})["event_type"] == "question_view"


@pytest.mark.parametrize(
    ("message", "code", "path"),
    [
        (track("Lecture Watched"), "unmapped_event", "event"),
        (track("question submit"), "unmapped_event", "event"),
        (track("Topic"), "unmapped_event", "event"),
        (page("Home"), "unmapped_event", "name"),
        (page(None), "unmapped_event", "name"),
        (track(event=None), "missing_field", "event"),
        (track(event=7), "wrong_type", "event"),
        (track(userId=None), "missing_field", "userId"),
        (track(type="purchase"), "invalid_value", "type"),
        (track(type=None), "invalid_value", "type"),
        (track(properties=[]), "wrong_type", "properties"),
        (track(properties={"topicId": 1, "topic_id": 2}), "invalid_value", "properties.topic_id"),
        ([], "not_an_object", ""),
        (track(type="identify"), "traits_not_stored", "type"),
        (track(type="group", traits={"plan": "free"}), "traits_not_stored", "type"),
        (track(type="alias"), "traits_not_stored", "type"),
        (track(type="identify", traits={"email": "x"}), "private_traits", "traits.email"),
        (track(type="group", traits={"a": 1, "b": "a@b.example"}), "private_traits", "traits.b"),
        (
            track(type="identify", context={"traits": {"name": "Jane"}}),
            "private_traits",
            "context.traits.name",
        ),
    ],
)  # fmt: skip
def test_message_that_is_no_event_is_told_why(message: object, code: str, path: str) -> None:
    assert refusal_of(message) == (code, path)


def test_route_says_what_a_message_without_type_is() -> None:
    message = track()
    del message["type"]
    assert isinstance(translate(message, call="track"), Translation)
    assert refusal_of(message, call="identify") == ("traits_not_stored", "type")


def test_nothing_is_kept_but_what_makes_an_event() -> None:
    for message in (
        track(),
        page("Topic", topicId="x"),
        track(type="identify", traits={"city_x": 3}),
    ):
        kept = str(trim_message(message))
        assert not [word for word in ("jane", "203.0.113.9", "anonymous", "city_x") if word in kept]


def test_refusal_speaks_the_senders_names() -> None:
    translation = translate(track(properties={"IsCorrect": 1}))
    assert isinstance(translation, Translation)
    assert translation.paths["properties.is_correct"] == "properties.IsCorrect"
    assert translation.paths["user_id"] == "userId"


def test_file_of_rules_stands_before_the_built_in_ones(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    rules = load_segment_rules(file)
    properties = {"lectureId": "l1", "watched": 30, "plan": "free", "chunkIndex": 2}
    event = event_of(track("Lecture Watched", properties=properties), rules)
    assert (event["material_id"], event["topic_id"]) == ("l1", "lectures")
    assert event["properties"] == {
        "time_spent_seconds": 30,
        "chunk_index": 2,
        "is_complete": False,
    }
    opened = event_of(page("Lecture", lecture="l1"), rules)
    assert opened["properties"] == {"material_type": "video"}
    assert event_of(track(), rules)["event_type"] == "question_submit"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[events", "is no TOML"),
        ("[events.X]\nevent_type = 'nothing'", "at events.X: 'nothing' is no event type"),
        ("[events.X]\nevent_type = 'quiz_start'\nfields = {a = 'b'}", "quiz_start has no 'b'"),
        ("[pages.X]\nevent_type = 'quiz_start'\ndefaults = {b = 1}", "quiz_start has no 'b'"),
        ("[events.X]\nfields = {}", "at events.X.event_type: Field required"),
        ("[event.X]", "at event: Extra inputs are not permitted"),
        (None, "cannot be read"),
    ],
)
def test_file_that_cannot_be_used_is_told_in_one_line(
    tmp_path: Path, text: str | None, why: str
) -> None:
    file = tmp_path / "rules.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SegmentRulesError) as caught:
        load_segment_rules(file)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


wild = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
FIELDS = ["type", "event", "name", "userId", "properties", "context", "traits", "timestamp"]


@settings(deadline=None)
@given(
    fields=st.dictionaries(st.sampled_from(FIELDS), wild),
    kind=st.sampled_from(["track", "page", "identify"]),
)
def test_no_message_whatsoever_raises(fields: dict[str, object], kind: str) -> None:
    assert translate(track(type=kind) | fields)
