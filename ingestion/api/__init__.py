"""The HTTP face of ingestion."""

from ingestion.api.settings import IngestionSettings

# Not the application: the process that watches the workers needs none of it, nor its 30 MB.
__all__ = ["IngestionSettings"]
