"""The body of each route, derived from the tracking plan: no field of the plan is written here."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from ingestion.activity.table import ACTIVITIES, Activity
from ingestion.events.envelope import Event, UuidText
from ingestion.events.fields import Identifier, Timezone
from ingestion.events.plan import PLAN

COMPUTED = frozenset(
    {
        *("is_first_view", "is_first_attempt", "attempt_number"),
        *("old_streak", "new_streak", "is_new_record"),
    }
)
"""Properties that nobody need or may say here: the log tells them."""

IDS = ("session_id", "material_id", "chunk_id", "question_id", "topic_id")
_ENVELOPE = ("user_id", "event_id", "occurred_at", *IDS)
_COMPUTED_AT_LAST = frozenset({"is_correct"})  # required by the plan, and added where it can be
_TIMEZONE = (
    "IANA name of the learner's timezone. It counts where a session starts; elsewhere the"
    " session's holds."
)
_CHOICES: Mapping[str, tuple[Any, str]] = {
    "thumbs": (Literal["up", "down"], "Thumbs up or down; without it `rating` decides."),
    "is_final": (bool, "false: a choice that may still change (a `question_attempt`)."),
}


class Body(BaseModel):
    """Base of the bodies: nothing unknown, nothing converted."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def activity_at(path: str) -> Activity:
    """The activity of a route. Raises `KeyError` for a path that is not in the table."""
    return {activity.path: activity for activity in ACTIVITIES}[path]


def operation_name(path: str) -> str:
    """What a route is called: `/api/questions/{question_id}/submit` is `questions_submit`."""
    parts = path.removeprefix("/api/").replace("-", "_").split("/")
    return "_".join(part for part in parts if not part.startswith("{"))


@cache
def body_model(path: str) -> type[Body]:
    """Build, once for each route, the model of its body."""
    activity = activity_at(path)
    plan = PLAN[activity.first_event].properties.model_fields
    fields: dict[str, Any] = {
        name: _optional(Event.model_fields[name])
        for name in _ENVELOPE
        if name not in activity.parameters
    }
    fields["user_id"] = _field(UuidText, "The learner's anonymous id, unless `X-User-Id` says it.")
    fields["timezone"] = _field(Timezone, _TIMEZONE, examples=["Europe/Berlin"])
    for name, told in plan.items():
        if name not in activity.parameters and name not in COMPUTED:
            is_needed = told.is_required() and name not in _COMPUTED_AT_LAST
            fields[name] = (annotated(told), told) if is_needed else _optional(told)
    for alias, name in activity.aliases.items():
        fields[alias] = _field(annotated(plan[name]), f"The same as `{name}`.")
    for name, length in activity.lengths.items():
        words = f"The text itself: only its length is kept, as `{length}`."
        fields[name] = _field(str, words)
    for name, presence in activity.presence.items():
        fields[name] = _field(Any, f"Anything: only whether there is any is kept, as `{presence}`.")
    if activity.choice in _CHOICES:
        kind, words = _CHOICES[activity.choice]
        fields[activity.choice] = _field(kind, words)
    description = PLAN[activity.first_event].description
    return create_model(
        f"{operation_name(path)}_body", __base__=Body, __doc__=description, **fields
    )


@cache
def path_model(path: str) -> type[Body]:
    """Build, once for each route, the model of what stands in its path."""
    activity = activity_at(path)
    known = {**PLAN[activity.first_event].properties.model_fields, **Event.model_fields}
    fields: dict[str, Any] = {
        name: (UuidText if name == "session_id" else Identifier, Field(**_told(known[name])))
        for name in activity.parameters
    }
    return create_model(f"{operation_name(path)}_path", __base__=Body, **fields)


def _told(field: FieldInfo) -> dict[str, Any]:
    return {"description": field.description, "examples": field.examples}


def annotated(field: FieldInfo) -> Any:
    """The type of a field with its bounds and marks, which pydantic keeps beside it."""
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _optional(field: FieldInfo) -> tuple[Any, Any]:
    return _field(annotated(field), field.description or "", examples=field.examples)


def _field(kind: Any, description: str, **options: Any) -> tuple[Any, Any]:
    return Union[kind, None], Field(default=None, description=description, **options)  # noqa: UP007
