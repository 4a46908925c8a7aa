"""What `/openapi.json` says of Segment's calls: bodies that are read by hand, answers, refusals."""

from typing import Any

from ingestion.api.openapi import BATCH_REFUSALS, ENCODING, SECURITY, Json, Refusals

_LEARNER = "6f1c2b9e-4a53-4e0c-9d55-0b8f6a1f7c21"
_SESSION = "0b9f3c5a-7a1e-4b52-8f0d-2f6f6a3f9e10"
_TRACK: Json = {
    "type": "track",
    "event": "Question Submit",
    "messageId": "ajs-next-1772530200000-5a1b2c3d",
    "userId": _LEARNER,
    "timestamp": "2026-03-03T09:30:00.000Z",
    "properties": {
        "sessionId": _SESSION,
        "questionId": "q5012",
        "topicId": "cardiology",
        "isCorrect": True,
        "timeToAnswerSeconds": 45,
    },
}
_PAGE: Json = {
    "type": "page",
    "name": "Topic",
    "messageId": "ajs-next-1772530260000-6b2c3d4e",
    "userId": _LEARNER,
    "timestamp": "2026-03-03T09:31:00.000Z",
    "properties": {"topicId": "cardiology", "url": "https://app.example/topics/cardiology"},
}
_IDENTIFY: Json = {"type": "identify", "userId": _LEARNER, "traits": {"email": "a@b.example"}}
_SENT_AT = "2026-03-03T09:31:01.000Z"
_MESSAGES: dict[str, Json] = {
    "track": _TRACK,
    "page": _PAGE,
    "screen": _PAGE | {"type": "screen"},
    "identify": _IDENTIFY,
    "group": {"type": "group", "userId": _LEARNER, "groupId": "class-3"},
    "alias": {"type": "alias", "userId": _LEARNER, "previousId": "anonymous"},
}

ANSWER: Json = {
    "accepted": 1,
    "duplicate": 0,
    "rejected": 1,
    "conflict": 0,
    "results": [
        {
            "index": 0,
            "status": "accepted",
            "event_id": "019cb36f-fbc0-7d6e-8f00-5a1b2c3d4e5f",
            "client_event_id": "ajs-next-1772530200000-5a1b2c3d",
        },
        {
            "index": 1,
            "status": "rejected",
            "event_id": "ajs-next-1772530260000-6b2c3d4e",
            "code": "unmapped_event",
            "path": "event",
            "message": "is mapped to no event type; did you mean Question Submit?",
        },
    ],
    "success": True,
}
SOURCE_CONFIG: Json = {
    "source": {
        "id": "study-analytics",
        "name": "study-analytics",
        "workspaceId": "study-analytics",
        "enabled": True,
        "config": {
            "statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}
        },
        "destinations": [],
    }
}
CALL_REFUSALS: Refusals = {
    **BATCH_REFUSALS,
    415: {"unsupported_encoding": "send it plain or gzipped"},
    422: {"not_a_batch": '`batch` is missing or no list; send {"batch": [...]} or a message'},
}

_MESSAGE: Json = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "description": "The call; by default that of the route."},
        "event": {"type": "string", "description": "Of track: the name that is mapped."},
        "name": {"type": "string", "description": "Of page and screen: the name that is mapped."},
        "messageId": {"type": "string", "description": "By it a retry is recognised."},
        "userId": {"type": "string", "format": "uuid", "description": "The learner."},
        "timestamp": {"type": "string", "format": "date-time"},
        "properties": {"type": "object", "description": "In camelCase or snake_case."},
        "writeKey": {"type": "string", "description": "The key, where no header shows one."},
    },
}


def describe_call(call: str) -> Json:
    """What a route says of its request; the Content-Type SDKs send is not looked at."""
    schema, examples = _body_of(call)
    return {
        "parameters": [ENCODING],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema, "examples": examples}},
        },
        "security": SECURITY,
    }


def _body_of(call: str) -> tuple[Json, Json]:
    if call != "batch":
        return _MESSAGE, {call: {"value": _MESSAGES[call]}}
    batch: dict[str, Any] = {
        "type": "object",
        "required": ["batch"],
        "properties": {
            "batch": {"type": "array", "items": _MESSAGE, "maxItems": 1_000},
            "sentAt": {"type": "string", "format": "date-time"},
            "writeKey": _MESSAGE["properties"]["writeKey"],
        },
    }
    messages = [_TRACK, _PAGE]
    return batch, {"batch": {"value": {"batch": messages, "sentAt": _SENT_AT}}}
