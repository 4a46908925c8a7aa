"""Ways for others to send events to the ingestion service."""
