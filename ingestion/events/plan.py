"""The whole tracking plan: every event type by its name, families in their order."""

from collections.abc import Mapping
from types import MappingProxyType

from ingestion.events import coach, discovery, gamification, materials, questions, sessions
from ingestion.events.definition import EventType

__all__ = ["PLAN", "EventType"]

PLAN: Mapping[str, EventType] = MappingProxyType(
    {
        event_type.name: event_type
        for family in (sessions, materials, questions, coach, gamification, discovery)
        for event_type in family.EVENT_TYPES
    }
)
