"""A batch judged in one go is the batch judged text by text: rows, refusals, counts."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.events.decoding import decode_batch
from ingestion.landing.judging import JudgedBatch, judge_decoded, judge_texts
from tests.ingestion.events.factory import RECEIVED_AT, make_event, with_property
from tests.ingestion.events.test_reading import PRIVATE, nearly_right

CONTEXT = {"user_agent": "a test"}
PLAIN = st.sampled_from([make_event(), make_event("xp_earned"), make_event("session_end")])
ODD = st.sampled_from(
    [
        make_event(occurred_at=None),
        make_event(sent_at=RECEIVED_AT.isoformat()),
        make_event(topic_id=PRIVATE[0]),
        make_event(session_id="0" * 36),
        with_property("search_performed", "query", PRIVATE[1]),
        with_property("session_start", "timezone", "Mars/Olympus"),
    ]
)


def has_an_id(event: dict[str, Any]) -> bool:
    """Without one an event gets one by chance, another each time it is judged."""
    return event["event_id"] is not None


def judge_whole(body: bytes) -> JudgedBatch | None:
    decoded = decode_batch(body)
    if decoded is None:
        return None
    payloads = json.loads(body)["events"]
    return judge_decoded(
        decoded[0],
        received_at=RECEIVED_AT,
        sent_at=None,
        context=CONTEXT,
        payload_at=payloads.__getitem__,
    )


def judge_apart(events: list[dict[str, Any]]) -> JudgedBatch:
    texts = [json.dumps(event).encode() for event in events]
    return judge_texts(texts, received_at=RECEIVED_AT, sent_at=None, context=CONTEXT)


@settings(max_examples=200, deadline=None)
@given(events=st.lists(PLAIN | ODD | nearly_right().filter(has_an_id), max_size=6))
def test_batch_judged_whole_is_the_batch_judged_text_by_text(events: list[dict[str, Any]]) -> None:
    whole = judge_whole(json.dumps({"events": events}).encode())
    if whole is None:
        return
    apart = judge_apart(events)
    assert whole.rows == apart.rows
    assert [failed.verdict for failed in whole.failed] == [one.verdict for one in apart.failed]
    assert [failed.payload for failed in whole.failed] == [one.payload for one in apart.failed]
    assert (whole.size, whole.redacted, whole.redactions, whole.event_types) == (
        apart.size,
        apart.redacted,
        apart.redactions,
        apart.event_types,
    )


def test_batch_of_the_usual_form_is_judged_whole() -> None:
    events = [make_event(), make_event("xp_earned")]
    whole = judge_whole(json.dumps({"events": events}).encode())
    assert whole is not None
    assert whole.fast == len(events)


def test_one_event_without_a_shape_leaves_the_batch_to_be_judged_text_by_text() -> None:
    events = [make_event(), make_event(colour="red")]
    assert judge_whole(json.dumps({"events": events}).encode()) is None
