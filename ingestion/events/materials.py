"""Study materials: opened, read chunk by chunk, completed, annotated."""

from typing import Literal

from pydantic import Field

from ingestion.events.definition import EventType, Properties, RequiredId
from ingestion.events.fields import (
    Characters,
    Count,
    FreeText,
    Name,
    Offset,
    Percent,
    Seconds,
    TotalSeconds,
)

_FAMILY = "materials"
_MATERIAL: frozenset[RequiredId] = frozenset({"material_id"})


class MaterialOpen(Properties):
    """What was opened."""

    material_type: Name | None = Field(
        default=None, description="Kind of material; an open list.", examples=["pdf"]
    )
    material_name: FreeText | None = Field(
        default=None, description="File name or title.", examples=["cardiology-basics.pdf"]
    )
    total_pages: Count | None = Field(default=None, description="Pages it has.", examples=[42])


class MaterialRead(Properties):
    """A stretch of reading within one chunk."""

    time_spent_seconds: Seconds = Field(
        description="Active reading time since the last `material_read`; these add up.",
        examples=[30],
    )
    scroll_depth_percent: Percent | None = Field(
        default=None, description="Deepest point reached.", examples=[75]
    )
    chunk_index: Count | None = Field(
        default=None, description="Position of the chunk in the material, from 0.", examples=[3]
    )
    is_complete: bool | None = Field(
        default=None, description="The learner reached the end of the chunk.", examples=[True]
    )


class MaterialComplete(Properties):
    """What it took to finish."""

    total_time_seconds: TotalSeconds | None = Field(
        default=None,
        description="Time spent on the material, as the client measured it.",
        examples=[1_800],
    )
    completion_percentage: Percent | None = Field(
        default=None, description="Share of the material gone through.", examples=[100]
    )


class MaterialAnnotation(Properties):
    """A highlight, note or bookmark: its size and place, never its text."""

    annotation_type: Literal["highlight", "note", "bookmark"] | None = Field(
        default=None, description="Kind of annotation.", examples=["highlight"]
    )
    text_length: Characters | None = Field(
        default=None, description="Length of the highlighted or written text.", examples=[120]
    )
    chunk_position: Offset | None = Field(
        default=None, description="Where in the chunk it begins.", examples=[480]
    )


EVENT_TYPES = (
    EventType(
        name="material_open",
        family=_FAMILY,
        description="A material was opened.",
        when="The learner opens a PDF or document for study.",
        where="Frontend, when the material viewer loads; backend, "
        "`GET /api/materials/{material_id}` (tracked in middleware).",
        properties=MaterialOpen,
        required_ids=_MATERIAL,
    ),
    EventType(
        name="material_read",
        family=_FAMILY,
        description="A chunk of a material was being read.",
        when="The learner reads a chunk, told by scroll position and time on it; every 30 seconds "
        "while actively reading.",
        where="Frontend; backend, `POST /api/analytics/events` (batch endpoint).",
        properties=MaterialRead,
        required_ids=_MATERIAL,
    ),
    EventType(
        name="material_complete",
        family=_FAMILY,
        description="A material was finished.",
        when="The learner reaches the material's end or marks it as complete.",
        where="`POST /api/materials/{material_id}/complete`.",
        properties=MaterialComplete,
        required_ids=_MATERIAL,
    ),
    *(
        EventType(
            name=name,
            family=_FAMILY,
            description=description,
            when=when,
            where="`POST /api/materials/{material_id}/annotations`.",
            properties=MaterialAnnotation,
            required_ids=_MATERIAL,
        )
        for name, description, when in (
            ("material_highlight", "A passage was highlighted.", "The learner highlights text."),
            ("material_note", "A note was written.", "The learner adds a note."),
            ("material_bookmark", "A place was bookmarked.", "The learner sets a bookmark."),
        )
    ),
)
