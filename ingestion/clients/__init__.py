"""Ways for others to send events to the ingestion service."""

from ingestion.clients.client import AsyncStudyClient, ClientSettings, StudyClient
from ingestion.clients.courier import Pace
from ingestion.clients.event import EventName, UnsendableEventError
from ingestion.clients.middleware import (
    TrackingMiddleware,
    describe_event,
    from_header,
    from_state,
)
from ingestion.clients.routes import ACTIONS, VIEWS, TrackedRoute
from ingestion.clients.spool import Durability, SpoolError, SpoolFullError
from ingestion.clients.statistics import RefusedEvent, Statistics

__all__ = [
    "ACTIONS",
    "VIEWS",
    "AsyncStudyClient",
    "ClientSettings",
    "Durability",
    "EventName",
    "Pace",
    "RefusedEvent",
    "SpoolError",
    "SpoolFullError",
    "Statistics",
    "StudyClient",
    "TrackedRoute",
    "TrackingMiddleware",
    "UnsendableEventError",
    "describe_event",
    "from_header",
    "from_state",
]
