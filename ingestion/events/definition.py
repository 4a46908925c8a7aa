"""What the tracking plan says of an event type."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

RequiredId = Literal["session_id", "material_id", "question_id", "topic_id"]


class Properties(BaseModel):
    """Base of every event type's properties: nothing unknown, nothing converted."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One event type: when and where it is sent, which ids it must name, what it may say."""

    name: str
    family: str
    description: str
    when: str
    where: str
    properties: type[Properties]
    required_ids: frozenset[RequiredId] = frozenset()
    schema_version: int = 1
