"""Segment's protocol, which RudderStack's SDKs speak as well: its messages as study events."""
