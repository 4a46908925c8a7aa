"""The HTTP face of ingestion."""

from ingestion.api.app import create_app
from ingestion.api.settings import IngestionSettings

__all__ = ["IngestionSettings", "create_app"]
