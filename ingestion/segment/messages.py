"""What is kept of a Segment message: that which an event can be made of, and nothing else.

SDKs send much more with each call: address, page, referrer, campaign, device ids, traits. All of it
is dropped here, before anything is judged, kept or logged.
"""

from collections.abc import Mapping
from typing import Any

from ingestion.events.refusal import render_path
from ingestion.privacy.masking import mask_payload

TRAIT_CALLS = ("identify", "group", "alias")

# Said by the SDKs of every page by themselves. Addresses of pages hold what learners typed.
_PAGE_FACTS = frozenset(
    {
        *("path", "referrer", "search", "title", "url", "name", "category", "tab_url"),
        *("referring_domain", "initial_referrer", "initial_referring_domain"),
    }
)


def trim_message(message: object, *, call: str | None = None, in_batch: bool = False) -> object:
    """The part of a message that is judged, and kept where it fails.

    `call` is what the route says the message is, for messages that do not say it. The name of a
    page is under `event`, as that of an event; its time under `timestamp`. Within a batch that was
    stamped with its sending, a message's own stamp is of an earlier try. What is no object stays
    what it is.
    """
    if not isinstance(message, dict):
        return message
    kind = message.get("type", call)
    if kind in TRAIT_CALLS:
        return _without_nulls(
            {
                "type": kind,
                "userId": message.get("userId"),
                "privateTrait": _find_private_trait(message),
            }
        )
    is_track = kind == "track"
    return _without_nulls(
        {
            "type": kind,
            "event": message.get("event") if is_track else _page_name(message),
            "messageId": message.get("messageId"),
            "userId": message.get("userId"),
            "timestamp": message.get("originalTimestamp") or message.get("timestamp"),
            "sentAt": None if in_batch else message.get("sentAt"),
            "timezone": _context(message).get("timezone"),
            "properties": _properties(message, is_track=is_track),
        }
    )


def _without_nulls(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _context(message: Mapping[str, Any]) -> Mapping[str, Any]:
    context = message.get("context")
    return context if isinstance(context, dict) else {}


def _page_name(message: Mapping[str, Any]) -> object:
    if (name := message.get("name")) is not None:
        return name
    properties = message.get("properties")
    return properties.get("name") if isinstance(properties, dict) else None


def _properties(message: Mapping[str, Any], *, is_track: bool) -> object:
    properties = message.get("properties")
    if is_track or not isinstance(properties, dict):
        return properties
    return {name: value for name, value in properties.items() if name not in _PAGE_FACTS}


def _find_private_trait(message: Mapping[str, Any]) -> str | None:
    """Where the first trait stands that the guard calls personal data; RudderStack's in context."""
    context = _context(message)
    for path, traits in (
        (("traits",), message.get("traits")),
        (("context", "traits"), context.get("traits")),
    ):
        if not isinstance(traits, dict):
            continue
        for name, value in traits.items():
            masked = mask_payload({name: value})
            if isinstance(masked, dict) and masked != {name: value}:
                return render_path((*path, *masked))
    return None
