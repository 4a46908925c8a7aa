"""Search and discovery: searches made, topics explored."""

from typing import Literal

from pydantic import Field

from ingestion.events.definition import EventType, Properties
from ingestion.events.fields import Count, Filters, FreeText, Level, Name, Ratio

_FAMILY = "discovery"


class SearchPerformed(Properties):
    """A search and how much it found."""

    query: FreeText | None = Field(
        default=None, description="What was searched for.", examples=["beta blockers"]
    )
    result_count: Count | None = Field(default=None, description="Results found.", examples=[12])
    filters_applied: Filters | None = Field(
        default=None,
        description="Filters in force: name and value (text, number, boolean or a list of "
        "these), or a list of names.",
        examples=[{"material_type": "pdf", "year": [2025, 2026]}],
    )
    search_type: Literal["semantic", "keyword"] | None = Field(
        default=None, description="Kind of search.", examples=["semantic"]
    )


class TopicExplored(Properties):
    """The topic whose page was browsed."""

    topic_name: Name | None = Field(
        default=None, description="Its name as shown.", examples=["Cardiology"]
    )
    topic_level: Level | None = Field(
        default=None,
        description="Its level in the tree of topics, as a number or a name.",
        examples=[2],
    )
    current_mastery: Ratio | None = Field(
        default=None, description="Mastery score shown to the learner.", examples=[0.62]
    )


EVENT_TYPES = (
    EventType(
        name="search_performed",
        family=_FAMILY,
        description="A search was made.",
        when="The learner searches for materials or topics.",
        where="`GET /api/search?q=...`.",
        properties=SearchPerformed,
    ),
    EventType(
        name="topic_explored",
        family=_FAMILY,
        description="A topic's page was visited.",
        when="The learner browses a topic's page.",
        where="`GET /api/topics/{topic_id}`.",
        properties=TopicExplored,
        required_ids=frozenset({"topic_id"}),
    ),
)
