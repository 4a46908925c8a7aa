"""What OpenAPI tells of the activity API: bodies and examples, from the table and the plan."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ingestion.activity.catalogue import Catalogue
from ingestion.activity.shape import COMPUTED, body_model, path_model
from ingestion.activity.table import ACTIVITIES, CHECK_IN, Activity
from ingestion.api.openapi import ENCODING, REFERENCE, SECURITY, Json, Refusals
from ingestion.events.examples import build_example
from ingestion.events.plan import PLAN

# By the plan's names where it has none of its own.
_FRIENDLY = {"selected_answer": "answer", "time_to_answer_seconds": "time_spent"}

ACTIVITY_REFUSALS: Refusals = {
    400: {
        "malformed_json": "the body is no JSON at character 12",
        "malformed_gzip": "the body is no gzip stream",
        "nested_too_deeply": "arrays and objects are over 64 levels deep",
    },
    408: {"body_too_slow": "the body came too slowly: nothing was stored; send smaller batches"},
    409: {"conflict": "`event_id` another event with this id is already stored"},
    413: {"body_too_large": "the body is over 262144 bytes (inflated): send smaller batches"},
    415: {
        "unsupported_media_type": "send application/json",
        "unsupported_encoding": "send it plain or gzipped",
    },
    422: {
        "not_an_object": "the body is not a JSON object",
        "unknown_field": "`answre` this route has no such field; did you mean answer?",
        "missing_field": "`user_id` is required: the learner's UUID, here or as the header ...",
        "wrong_type": "`time_spent` must be a number",
        "out_of_range": "`confidence_level` must be at most 5",
        "invalid_value": "`hint_type` must be 'guided' or 'direct'",
        "private_data": "`material_id` holds an e-mail address: an id must not say whose it is",
        "occurred_at_out_of_range": "`occurred_at` lies over 24 h ahead of its receipt, or ...",
        "correctness_unknown": "`is_correct` cannot be computed: send `answer` and put the ...",
    },
}

_HEADERS: list[Json] = [
    {
        "name": "X-User-Id",
        "in": "header",
        "required": False,
        "description": "The learner, where the body does not say `user_id`.",
        "schema": {"type": "string", "format": "uuid"},
    },
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "As `event_id` in the body: a retry with the same one changes nothing and"
        " gets the same answer. One that is no UUIDv7 is known for a day, or, where the"
        " request says `occurred_at`, for ever.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[ -~]+$"},
    },
]


def describe_body(activity: Activity) -> Json:
    """What a route says of its request."""
    model = body_model(activity.path)
    is_needed = any(field.is_required() for field in model.model_fields.values())
    example = body_example(activity)
    return {
        "parameters": [*_path_parameters(activity), *_HEADERS, ENCODING],
        "requestBody": {
            "required": is_needed,
            "content": {
                "application/json": {
                    "schema": {"$ref": REFERENCE.format(model=model.__name__)},
                    "example": example,
                }
            },
        },
        "security": SECURITY,
    }


def body_example(activity: Activity) -> Json:
    """A body that is recorded."""
    event = build_example(PLAN[activity.first_event])
    known = body_model(activity.path).model_fields
    told = {"user_id": event["user_id"], "session_id": event.get("session_id")}
    body = {name: value for name, value in told.items() if name in known and value is not None}
    for name, value in event.get("properties", {}).items():
        friendly = _FRIENDLY.get(name, name)
        if friendly in known and name not in COMPUTED:
            body[friendly] = value
    return body


def answer_example(activity: Activity) -> Json:
    """The answer to it."""
    event = build_example(PLAN[activity.first_event])
    answer: Json = {
        "event_id": event["event_id"],
        "event_type": event["event_type"],
        "user_id": event["user_id"],
        "session_id": event.get("session_id"),
        "occurred_at": event["occurred_at"],
        "duplicate": False,
        "properties": {
            name: value
            for name, value in event.get("properties", {}).items()
            if name not in ("user_agent", "correct_answer")
        },
        "awards": [
            {
                "event_id": event["event_id"],
                "event_type": "xp_earned",
                "properties": build_example(PLAN["xp_earned"])["properties"],
            }
        ],
        "days_since_last_attempt": None,
        "streak": 7 if activity.path == CHECK_IN else None,
    }
    return answer


def more_schemas() -> dict[str, Json]:
    """The schemas of all bodies that are read by hand, by name."""
    models: list[type[BaseModel]] = [body_model(activity.path) for activity in ACTIVITIES]
    models.append(Catalogue)
    _, found = models_json_schema(
        [(model, "validation") for model in models], ref_template=REFERENCE
    )
    schemas: dict[str, Json] = found["$defs"]
    return schemas


def _path_parameters(activity: Activity) -> list[Json]:
    schema: dict[str, Any] = path_model(activity.path).model_json_schema()
    parameters: list[Json] = []
    for name in activity.parameters:
        told = dict(schema["properties"][name])
        told.pop("title", None)
        description = told.pop("description", "")
        examples = told.pop("examples", None) or []
        parameters.append(
            {
                "name": name,
                "in": "path",
                "required": True,
                "description": description,
                "schema": told,
                **({"example": examples[0]} if examples else {}),
            }
        )
    return parameters
