"""What FastAPI cannot see: the bodies that are read by hand, so that one bad event fails alone."""

from datetime import datetime
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from ingestion.events.envelope import Event

_REFERENCE = "#/components/schemas/{model}"


class EventBatch(BaseModel):
    """Events to land: at most 1,000, at most 4 MiB inflated. Gzip is welcome."""

    events: list[Event] = Field(max_length=1_000)
    sent_at: datetime | None = Field(
        default=None,
        description="The client's clock when it sent the batch; by it the clock's skew is taken"
        " out of every `occurred_at`.",
    )


def body_of(*models: str) -> dict[str, Any]:
    """The OpenAPI request body of a route that takes any one of the models named."""
    references = [{"$ref": _REFERENCE.format(model=model)} for model in models]
    content = {"application/json": {"schema": {"anyOf": references}}}
    return {"requestBody": {"required": True, "content": content}}


def describe_bodies(app: FastAPI) -> None:
    """Make `/openapi.json` define the models that `body_of` refers to."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title, version=app.version, summary=app.summary, routes=app.routes
            )
            _, models = models_json_schema(
                [(Event, "validation"), (EventBatch, "validation")], ref_template=_REFERENCE
            )
            document["components"]["schemas"].update(models["$defs"])
            app.openapi_schema = document
        return app.openapi_schema

    # FastAPI's documented way to extend the document; mypy sees a method assigned.
    app.openapi = openapi  # type: ignore[method-assign]
