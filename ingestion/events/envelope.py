"""The event as clients send it: the fields all events share, and each type's whole shape."""

from functools import cache
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model
from pydantic_core import PydanticCustomError

from ingestion.events.codes import Code
from ingestion.events.definition import EventType
from ingestion.events.fields import Identifier
from ingestion.events.identity import parse_uuid
from ingestion.events.instants import Instant
from ingestion.events.plan import PLAN


def _read_uuid(value: object) -> UUID:
    if not isinstance(value, str):
        raise PydanticCustomError(Code.WRONG_TYPE.value, "must be a string (UUID)")
    parsed = parse_uuid(value)
    if parsed is None:
        raise PydanticCustomError(Code.INVALID_VALUE.value, "must be a UUID")
    return parsed


UuidText = Annotated[UUID, BeforeValidator(_read_uuid)]


class Event(BaseModel):
    """A study event of any type, as JSON; its `properties` are checked by type (`whole_event`)."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    event_type: str = Field(
        description="One of the event types of the tracking plan.",
        examples=["question_submit"],
        json_schema_extra={"enum": list(PLAN)},
    )
    schema_version: int = Field(default=1, ge=1, description="Version of the type's properties.")
    event_id: Identifier | None = Field(
        default=None,
        description="UUIDv7 best: a retry with the same id is stored once. Any other id of up to "
        "128 characters does the same together with `occurred_at`. Without one the server gives "
        "one, and a retry counts twice.",
        examples=["019cb36f-fbc0-7d6e-8f00-5a1b2c3d4e5f"],
    )
    user_id: UuidText = Field(
        description="The learner's anonymous id.",
        examples=["6f1c2b9e-4a53-4e0c-9d55-0b8f6a1f7c21"],
    )
    session_id: UuidText | None = Field(
        default=None,
        description="The study session it happened in.",
        examples=["0b9f3c5a-7a1e-4b52-8f0d-2f6f6a3f9e10"],
    )
    occurred_at: Instant | None = Field(
        default=None,
        description="When it happened by the client's clock; without it, the time of receipt.",
        examples=["2026-03-03T09:30:00.000Z"],
    )
    sent_at: Instant | None = Field(
        default=None,
        description="The client's clock when it sent this; corrects `occurred_at`. Overrides the "
        "batch's own.",
        examples=["2026-03-03T09:30:02.000Z"],
    )
    material_id: Identifier | None = Field(
        default=None, description="The material concerned.", examples=["mat-cardiology-basics"]
    )
    chunk_id: Identifier | None = Field(
        default=None, description="The chunk of the material concerned.", examples=["chunk-3"]
    )
    question_id: Identifier | None = Field(
        default=None, description="The question concerned.", examples=["q5012"]
    )
    topic_id: Identifier | None = Field(
        default=None, description="The topic concerned.", examples=["cardiology"]
    )
    properties: dict[str, Any] = Field(
        default_factory=dict, description="What this type of event tells besides."
    )


@cache
def whole_event(name: str) -> type[Event]:
    """Build, once for each type, the model of a whole event: ids it must name, its properties.

    Raises `KeyError` for a name that is not in the plan.
    """
    event_type = PLAN[name]
    fields: dict[str, Any] = {
        "event_type": (Literal[name], _field("event_type", examples=[name])),
        "schema_version": (
            Literal[event_type.schema_version],
            _field("schema_version", default=event_type.schema_version),
        ),
        "properties": (event_type.properties, _properties_field(event_type)),
    }
    for required in sorted(event_type.required_ids):
        kind = UuidText if required == "session_id" else Identifier
        fields[required] = (kind, _field(required, examples=Event.model_fields[required].examples))
    return create_model(f"{name}_event", __base__=Event, __doc__=event_type.description, **fields)


def _field(name: str, **options: Any) -> Any:
    return Field(description=Event.model_fields[name].description, **options)


def _properties_field(event_type: EventType) -> Any:
    properties = event_type.properties
    if any(field.is_required() for field in properties.model_fields.values()):
        return _field("properties")
    return _field("properties", default_factory=properties)
