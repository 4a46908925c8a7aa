"""How a refusal is worded: a code, where in the event, and one line that quotes no value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ingestion.events.codes import Code
from ingestion.events.normalisation import is_storable

_SEGMENT_MAX = 64
_CUSTOM = frozenset(code.value for code in Code)

# pydantic's error types: our code and words. What is not named here is an `invalid_value`.
_WORDS: Mapping[str, tuple[Code, str]] = {
    "missing": (Code.MISSING_FIELD, "is required"),
    "string_type": (Code.WRONG_TYPE, "must be a string"),
    "int_type": (Code.WRONG_TYPE, "must be a whole number"),
    "float_type": (Code.WRONG_TYPE, "must be a number"),
    "bool_type": (Code.WRONG_TYPE, "must be true or false"),
    "list_type": (Code.WRONG_TYPE, "must be a list"),
    "dict_type": (Code.WRONG_TYPE, "must be an object"),
    "model_type": (Code.WRONG_TYPE, "must be an object"),
    "union_tag_invalid": (Code.WRONG_TYPE, "must be {expected_tags}"),
    "greater_than_equal": (Code.OUT_OF_RANGE, "must be at least {ge}"),
    "less_than_equal": (Code.OUT_OF_RANGE, "must be at most {le}"),
    "string_too_short": (Code.OUT_OF_RANGE, "must have at least {min_length} character(s)"),
    "string_too_long": (Code.OUT_OF_RANGE, "must have at most {max_length} characters"),
    "too_long": (Code.OUT_OF_RANGE, "must have at most {max_length} entries"),
    "literal_error": (Code.INVALID_VALUE, "must be {expected}"),
}


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an event was turned away: `path` is dotted from the event, empty for the event itself."""

    code: str
    path: str
    message: str


def reject(code: Code, path: Sequence[object], message: str) -> Rejection:
    """Word a refusal at a place (keys and positions from the outside in)."""
    return Rejection(code.value, render_path(path), message)


def reject_for(error: ValidationError, event: Mapping[str, object]) -> Rejection:
    """Word the first of pydantic's complaints about a normalised event."""
    first = error.errors(include_url=False, include_input=False)[0]
    path, value = _locate(first, event)
    code, words = _describe(first, value)
    if code is Code.OUT_OF_RANGE and path == ["occurred_at"]:
        code = Code.OCCURRED_AT_OUT_OF_RANGE
    return reject(code, path, words)


def render_path(path: Sequence[object]) -> str:
    """Write a place as text that can be stored and shown, however wild the client's names are."""
    return ".".join(_render_segment(segment) for segment in path)


def _render_segment(segment: object) -> str:
    text = str(segment) if isinstance(segment, str | int) else type(segment).__name__
    short = text if len(text) <= _SEGMENT_MAX else text[:_SEGMENT_MAX] + "…"
    if short.isprintable() and is_storable(short):
        return short
    return "".join(character if character.isprintable() else "?" for character in short)


def _locate(error: ErrorDetails, event: Mapping[str, object]) -> tuple[list[object], object]:
    """Follow pydantic's location through the event, leaving out its names of union branches."""
    path: list[object] = []
    value: object = event
    for step in error["loc"]:
        if _is_step(step, value):
            value = value[step]  # type: ignore[index]  # just seen to be there
            path.append(step)
    if error["type"] == "missing":
        path.append(error["loc"][-1])
    return path, value


def _is_step(step: object, value: object) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int)


def _describe(error: ErrorDetails, value: object) -> tuple[Code, str]:
    kind = error["type"]
    if kind in _CUSTOM:
        return Code(kind), error["msg"]
    if kind == "int_type" and isinstance(value, float) and value.is_integer():
        return Code.OUT_OF_RANGE, "must fit in 64 bits"
    if kind == "literal_error" and not isinstance(value, str):
        return Code.WRONG_TYPE, "must be a string"
    code, words = _WORDS.get(kind, (Code.INVALID_VALUE, "is not acceptable"))
    bounds = {name: _render_bound(bound) for name, bound in error.get("ctx", {}).items()}
    if kind == "union_tag_invalid":
        bounds["expected_tags"] = bounds["expected_tags"].replace("'", "").replace(", ", " or ")
    return code, words.format_map(bounds)


def _render_bound(bound: object) -> str:
    if isinstance(bound, float) and bound.is_integer():
        return str(int(bound))
    return str(bound)
