"""The tracking plan as JSON Schema, for senders who check before they send."""

from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from ingestion.events.definition import EventType
from ingestion.events.envelope import whole_event

JsonSchema = dict[str, Any]


def build_schema(event_type: EventType) -> JsonSchema:
    """Describe a whole event of a type as JSON Schema, draft 2020-12.

    It cannot say all that `validate_event` checks: that a timezone exists, that a time is
    plausible, that an id that is no UUIDv7 needs `occurred_at`.
    """
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **whole_event(event_type.name).model_json_schema(),
        "title": event_type.name,
    }


def field_schemas(model: type[BaseModel]) -> dict[str, JsonSchema]:
    """Describe each field alone, in the plan's order; null, which means absent, left out."""
    schemas = model.model_json_schema()["properties"]
    return {name: _without_null(schema) for name, schema in schemas.items()}


def enumerated_values(event_type: EventType) -> dict[str, list[str]]:
    """List the accepted texts of each property that has a fixed list of them."""
    schemas = field_schemas(event_type.properties)
    values = {name: _find_enum(schema) for name, schema in schemas.items()}
    return {name: accepted for name, accepted in values.items() if accepted}


def branches(schema: JsonSchema) -> list[JsonSchema]:
    """Split a union into what it joins; a plain schema is its own only branch."""
    return cast("list[JsonSchema]", schema.get("oneOf") or schema.get("anyOf") or [schema])


def _without_null(schema: JsonSchema) -> JsonSchema:
    kept = [branch for branch in branches(schema) if branch != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return {**rest, **kept[0]} if len(kept) == 1 else {**rest, "oneOf": kept}


def _find_enum(schema: JsonSchema) -> list[str]:
    return [value for branch in branches(schema) for value in branch.get("enum", [])]
