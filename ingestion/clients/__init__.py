"""Ways for others to send events to the ingestion service."""

from ingestion.clients.client import AsyncStudyClient, ClientSettings, StudyClient
from ingestion.clients.courier import Pace
from ingestion.clients.event import EventName, UnsendableEventError
from ingestion.clients.spool import Durability, SpoolError, SpoolFullError
from ingestion.clients.statistics import RefusedEvent, Statistics

__all__ = [
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
    "UnsendableEventError",
]
