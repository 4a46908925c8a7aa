"""Which event type a request is, where its route may be several."""

from collections.abc import Callable, Mapping
from typing import Any

from ingestion.activity.refusing import ActivityRefusedError
from ingestion.activity.table import SINGLE
from ingestion.events.codes import Code

_NEUTRAL_RATING = 3


def _choose_annotation(said: Mapping[str, Any]) -> str:
    if "annotation_type" not in said:
        raise ActivityRefusedError(
            Code.MISSING_FIELD, "annotation_type", "is required: highlight, note or bookmark"
        )
    return str(said["annotation_type"])


def _choose_finality(said: Mapping[str, Any]) -> str:
    return "false" if said.get("is_final") is False else "true"


def _choose_thumbs(said: Mapping[str, Any]) -> str:
    rating = said.get("rating")
    by_rating = None
    if rating is not None and rating != _NEUTRAL_RATING:
        by_rating = "up" if rating > _NEUTRAL_RATING else "down"
    thumbs = said.get("thumbs", by_rating)
    if thumbs is None:
        words = "is required: up or down (or a `rating`, which of 3 says neither)"
        raise ActivityRefusedError(Code.MISSING_FIELD, "thumbs", words)
    return str(thumbs)


CHOICES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    SINGLE: lambda _: SINGLE,
    "annotation_type": _choose_annotation,
    "is_final": _choose_finality,
    "thumbs": _choose_thumbs,
}
"""By the name of `Activity.choice`: from what a request says to the key of `Activity.events`."""
