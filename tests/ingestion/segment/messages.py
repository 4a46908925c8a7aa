"""Messages as Segment's SDKs write them."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

LEARNER = "7b5de3c9-2ac8-4c0c-8b3d-5b9b5f1b0c11"
SESSION = "0d1f4a3e-94a6-4f2f-8a34-4a1a59f1f0aa"


def track(event: object = "Question Submit", **fields: Any) -> dict[str, Any]:
    """A track call with all that SDKs send around it; give fields to make it another."""
    return {
        "type": "track",
        "event": event,
        "messageId": f"ajs-next-{uuid4()}",
        "userId": LEARNER,
        "anonymousId": str(uuid4()),
        "timestamp": datetime.now(UTC).isoformat(),
        "integrations": {},
        "context": {
            "ip": "203.0.113.9",
            "library": {"name": "analytics.js", "version": "npm:next-1.84.3"},
            "page": {"url": "https://app.example/?q=jane@example.org", "title": "Jane Doe"},
            "timezone": "Europe/Berlin",
        },
        "properties": {
            "sessionId": SESSION,
            "questionId": "q5012",
            "topic_id": "cardiology",
            "isCorrect": True,
            "timeToAnswerSeconds": 45,
        },
    } | fields


def page(name: str | None = "Topic", **properties: Any) -> dict[str, Any]:
    """A page call with the facts SDKs add by themselves."""
    facts = {
        "path": "/topics/cardiology",
        "url": "https://app.example/?q=jane@example.org",
        "title": "Cardiology",
        "referrer": "",
        "search": "?q=jane@example.org",
    }
    return track(type="page", event=None, name=name, properties=facts | properties)
