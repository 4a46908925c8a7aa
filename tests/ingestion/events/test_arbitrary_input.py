"""Whatever comes in gets a verdict; what is accepted can be stored."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingestion.events.codes import Code
from ingestion.events.identity import embedded_instant
from ingestion.events.plan import PLAN
from ingestion.events.validation import AcceptedEvent, Rejection, validate_event
from tests.ingestion.events.factory import RECEIVED_AT, make_event

NAMES = sorted({name for event in PLAN.values() for name in event.properties.model_fields})
FIELDS = sorted(make_event("material_read"))

texts = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(categories=["Cs", "Cc"]), max_size=5),
    st.sampled_from([*PLAN, "hard", "web", "UTC"]),
    st.sampled_from(["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"]),
    st.datetimes().map(lambda time: time.isoformat() + "Z"),
    st.uuids().map(str),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**31, 2**63, -(2**63), 10**400]),
    st.floats(),
    texts,
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(texts | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)
times = st.datetimes(timezones=st.just(UTC))


def check(raw: object, received_at: datetime, sent_at: datetime | None) -> None:
    verdict = validate_event(raw, received_at=received_at, sent_at=sent_at)
    if isinstance(verdict, Rejection):
        assert verdict.code in {code.value for code in Code}
        assert verdict.message != "is not acceptable"
        for text in (verdict.path, verdict.message):
            assert text.isprintable()
            text.encode()
        assert len(verdict.message) < 300
    else:
        assert isinstance(verdict, AcceptedEvent)
        stored = json.dumps(verdict.properties, allow_nan=False, ensure_ascii=False)
        assert "\\u0000" not in stored
        stored.encode()
        assert verdict.event_id.version == 7
        assert embedded_instant(verdict.event_id) is not None
        again = validate_event(raw, received_at=received_at, sent_at=sent_at)
        assert isinstance(again, AcceptedEvent)
        assert again.properties == verdict.properties


@settings(max_examples=300, deadline=None)
@given(values, times, st.none() | times)
@example("\ud800", RECEIVED_AT, None)
def test_any_value_gets_a_verdict(
    raw: object, received_at: datetime, sent_at: datetime | None
) -> None:
    check(raw, received_at, sent_at)


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(list(PLAN)),
    st.dictionaries(st.sampled_from(FIELDS) | texts, values, max_size=3),
    st.dictionaries(st.sampled_from(NAMES) | texts, values, max_size=3),
    st.none() | times,
)
def test_event_with_any_change_gets_a_verdict(
    name: str, fields: dict[str, Any], properties: dict[str, Any], sent_at: datetime | None
) -> None:
    event = make_event(name)
    check({**event, **fields}, RECEIVED_AT, sent_at)
    check({**event, "properties": {**event["properties"], **properties}}, RECEIVED_AT, sent_at)


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_property_with_any_value_gets_a_verdict(data: st.DataObject) -> None:
    event = make_event(data.draw(st.sampled_from(list(PLAN))))
    prop = data.draw(st.sampled_from(sorted(event["properties"])))
    changed = {**event["properties"], prop: data.draw(values)}

    check({**event, "properties": changed}, RECEIVED_AT, None)
