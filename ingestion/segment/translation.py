"""A Segment message as a study event, or why it is none."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from functools import partial
from typing import Any, cast

from ingestion.events.codes import Code
from ingestion.events.plan import PLAN
from ingestion.events.refusal import Rejection, reject, render_path
from ingestion.events.timezones import timezone_names
from ingestion.landing.dialect import Dialect, Translation
from ingestion.segment.messages import TRAIT_CALLS
from ingestion.segment.rules import IDS, Call, Rule, SegmentRules
from ingestion.segment.spelling import to_snake

NAME = "segment"

_CALLS = ("track", "page", "screen")
_FIELDS = {
    "event_id": "messageId",
    "user_id": "userId",
    "occurred_at": "timestamp",
    "sent_at": "sentAt",
}


def segment_dialect(rules: SegmentRules) -> Dialect:
    """Segment's protocol with these rules, for messages as `trim_message` leaves them."""
    return Dialect(NAME, "messageId", "timestamp", partial(translate_message, rules=rules))


def translate_message(message: object, *, rules: SegmentRules) -> Translation | Rejection:
    """Make the event a trimmed message says; what the plan says of it is for the plan to judge."""
    if not isinstance(message, dict):
        return reject(Code.NOT_AN_OBJECT, (), "a message must be a JSON object")
    kind = message.get("type")
    if kind in TRAIT_CALLS:
        return _refuse_traits(message)
    if kind not in _CALLS:
        words = f"must be {', '.join((*_CALLS, *TRAIT_CALLS))}"
        return reject(Code.INVALID_VALUE, ("type",), words)
    rule = _find_rule(message, cast("Call", kind), rules)
    return rule if isinstance(rule, Rejection) else _translate(message, rule)


def _refuse_traits(message: Mapping[str, Any]) -> Rejection:
    if private := message.get("privateTrait"):
        words = "is personal data: traits are not stored, send none"
        return Rejection(Code.PRIVATE_TRAITS.value, str(private), words)
    words = "says nothing that happened; traits are not stored"
    return reject(Code.TRAITS_NOT_STORED, ("type",), words)


def _find_rule(message: Mapping[str, Any], call: Call, rules: SegmentRules) -> Rule | Rejection:
    name = message.get("event")
    path = ("event" if call == "track" else "name",)
    if name is None:
        code = Code.MISSING_FIELD if call == "track" else Code.UNMAPPED_EVENT
        return reject(code, path, f"is required: it says what the {call} call means")
    if not isinstance(name, str):
        return reject(Code.WRONG_TYPE, path, "must be a string")
    known = rules.of(call)
    rule = known.get(name)
    if rule is None:
        words = f"is mapped to no event type{_suggest(name, known)}"
        return reject(Code.UNMAPPED_EVENT, path, words)
    return rule


def _suggest(name: str, known: Collection[str]) -> str:
    likely = get_close_matches(name, known, n=1, cutoff=0.75) if len(name) <= 64 else []
    return f"; did you mean {likely[0]}?" if likely else ""


def _translate(message: Mapping[str, Any], rule: Rule) -> Translation | Rejection:
    if message.get("userId") is None:
        words = "is required (UUID): events are a learner's, and an anonymousId is nobody"
        return reject(Code.MISSING_FIELD, ("userId",), words)
    properties = message.get("properties", {})
    if not isinstance(properties, dict):
        return reject(Code.WRONG_TYPE, ("properties",), "must be an object")
    event: dict[str, Any] = {"event_type": rule.event_type}
    paths = {"event_type": "event"}
    for ours, theirs in _FIELDS.items():
        if theirs in message:
            event[ours], paths[ours] = message[theirs], theirs
    said: dict[str, Any] = {}
    for name, value in properties.items():
        if value is None or name in rule.ignored:
            continue
        target = rule.fields.get(name) or to_snake(name)
        if target in said:
            words = "says what another property says already"
            return reject(Code.INVALID_VALUE, ("properties", name), words)
        said[target] = value
        paths[_our_path(target)] = render_path(("properties", name))
    for name, value in _unsaid(message, rule).items():
        said.setdefault(name, value)
    event |= {name: said.pop(name) for name in IDS if name in said}
    return Translation(event | {"properties": said}, paths)


def _our_path(target: str) -> str:
    return target if target in IDS else render_path(("properties", target))


def _unsaid(message: Mapping[str, Any], rule: Rule) -> dict[str, Any]:
    """Values for what the properties do not say: of the rule, else what the SDK says of itself."""
    timezone = message.get("timezone")
    knows_timezones = "timezone" in PLAN[rule.event_type].properties.model_fields
    # RudderStack's says "GMT+0200": a session start is not worth losing for it.
    is_place = isinstance(timezone, str) and timezone in timezone_names()
    found = {"timezone": timezone} if knows_timezones and is_place else {}
    return found | dict(rule.defaults)
