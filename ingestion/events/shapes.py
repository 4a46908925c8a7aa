"""The tracking plan once more, as msgspec structs: derived from it, never written by hand.

Reading an event by its shape is done in C, and gives the same values as the models of the plan
do, or fails. It fails more often: numbers written in unusual ways, dates not in the usual form.
What fails is no verdict; whoever reads by shapes asks `validate_event` about that event.
"""

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, Union, cast, get_args, get_origin
from uuid import UUID

import annotated_types
import msgspec
from pydantic import AfterValidator, BaseModel, BeforeValidator, Discriminator, Tag
from pydantic.fields import FieldInfo

from ingestion.events.definition import EventType
from ingestion.events.envelope import whole_event
from ingestion.events.fields import Content
from ingestion.events.guarding import id_properties, text_properties
from ingestion.events.plan import PLAN

Check: TypeAlias = Callable[[Any], Any]

# A float without bounds is read up to here only: beyond it whole ones are not written as digits.
_PLAIN_NUMBER_MAX = 10**15
_UUID_CHARACTERS = 36


@dataclass(frozen=True, slots=True)
class Shape:
    """One event type as a struct.

    `checks` are what the plan demands of a property beyond its type: functions that raise.
    `floats` are the properties whose numbers may have digits after the point. `texts` and `ids`
    are the properties the guard of personal data looks at, `nested` those of them that are lists
    or objects.
    """

    event_type: EventType
    struct: type[msgspec.Struct]
    texts: tuple[str, ...]
    ids: tuple[str, ...]
    nested: tuple[str, ...]
    checks: Mapping[str, tuple[Check, ...]]
    floats: tuple[str, ...]


@cache
def shapes() -> Mapping[str, Shape]:
    """Build the shapes of all event types, once.

    Raises TypeError where the plan uses a kind of field that has no translation here: a new kind
    must be taught, or its rule would be skipped.
    """
    return types.MappingProxyType({name: _shape(name) for name in PLAN})


@cache
def shapes_by_struct() -> Mapping[type[Any], Shape]:
    """The same shapes by the struct that an event was read as."""
    return types.MappingProxyType({shape.struct: shape for shape in shapes().values()})


def _shape(name: str) -> Shape:
    model = whole_event(name)
    properties = PLAN[name].properties
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for field_name, field in model.model_fields.items():
        if field_name == "properties":
            inner = _struct(f"{name}_properties", properties)
            default = () if field.is_required() else (msgspec.field(default_factory=inner),)
            fields.append((field_name, inner, *default))
        elif field_name != "event_type":  # that is the tag
            fields.append(_member(field_name, field))
    nested = _nested(properties)
    return Shape(
        event_type=PLAN[name],
        texts=tuple(sorted(text_properties(PLAN[name]) - nested)),
        ids=tuple(sorted(id_properties(PLAN[name]) - nested)),
        nested=tuple(sorted(nested)),
        struct=msgspec.defstruct(
            f"{name}_event",
            fields,
            tag_field="event_type",
            tag=name,
            forbid_unknown_fields=True,
            kw_only=True,
            gc=False,
        ),
        checks=_checks(properties),
        floats=tuple(
            field_name
            for field_name, field in properties.model_fields.items()
            if any(part is float for part in _parts(field.annotation))
        ),
    )


def _struct(name: str, model: type[BaseModel]) -> type[msgspec.Struct]:
    return msgspec.defstruct(
        name,
        [_member(field_name, field) for field_name, field in model.model_fields.items()],
        forbid_unknown_fields=True,
        omit_defaults=True,
        kw_only=True,
        gc=False,
    )


def _member(name: str, field: FieldInfo) -> tuple[str, Any] | tuple[str, Any, Any]:
    """Translate a field; one that may be absent may be null, too, and null is absence."""
    kind = _translate(field.annotation, field.metadata)
    if field.is_required():
        return (name, kind)
    return (name, Union[kind, None], field.get_default())  # noqa: UP007 (of values, not of types)


def _translate(annotation: Any, metadata: list[Any]) -> Any:
    """Make the msgspec type of a pydantic annotation and its constraints."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        return _translate(inner, [*metadata, *more])
    bounds = _bounds(metadata)
    if origin in (Union, types.UnionType):
        if bounds:
            raise TypeError(f"bounds around a union: {annotation}")
        return Union[tuple(_translate(branch, []) for branch in get_args(annotation))]  # noqa: UP007
    if origin is list or origin is dict:
        inner = origin[tuple(_translate(part, []) for part in get_args(annotation))]
        return Annotated[inner, msgspec.Meta(**bounds)] if bounds else inner
    return _translate_scalar(annotation, bounds)


def _translate_scalar(annotation: Any, bounds: dict[str, Any]) -> Any:
    if annotation is float:
        # Whole numbers stay whole: what is stored is what normalising would have made of them.
        limits = {"ge": -_PLAIN_NUMBER_MAX, "le": _PLAIN_NUMBER_MAX} | bounds
        return Annotated[int, msgspec.Meta(**limits)] | Annotated[float, msgspec.Meta(**limits)]
    if annotation is int or annotation is str:
        return Annotated[annotation, msgspec.Meta(**bounds)] if bounds else annotation
    if annotation is UUID:
        length = _UUID_CHARACTERS
        return Annotated[str, msgspec.Meta(min_length=length, max_length=length)]
    if annotation is datetime:
        return str
    if annotation in (bool, types.NoneType) or get_origin(annotation) is Literal:
        return annotation
    raise TypeError(f"no shape for a field of type {annotation}")


_BOUNDS: Mapping[type, tuple[str, str]] = {
    annotated_types.Ge: ("ge", "ge"),
    annotated_types.Le: ("le", "le"),
    annotated_types.MinLen: ("min_length", "min_length"),
    annotated_types.MaxLen: ("max_length", "max_length"),
}


def _bounds(metadata: list[Any]) -> dict[str, Any]:
    bounds: dict[str, Any] = {}
    for constraint in metadata:
        if isinstance(constraint, FieldInfo):
            bounds |= _bounds(constraint.metadata)
        elif type(constraint) in _BOUNDS:
            attribute, name = _BOUNDS[type(constraint)]
            bounds[name] = getattr(constraint, attribute)
        elif not _is_judged_elsewhere(constraint):
            raise TypeError(f"no shape for the constraint {constraint!r}")
    return bounds


def _is_judged_elsewhere(constraint: object) -> bool:
    # BeforeValidators stand on UUIDs and instants only, which are translated as texts and read by
    # `columns`; an AfterValidator becomes a check; tags only pick the branch to complain of.
    judged = BeforeValidator | AfterValidator | Discriminator | Tag | Content
    return isinstance(constraint, judged)


def _nested(properties: type[BaseModel]) -> set[str]:
    return {
        name
        for name, field in properties.model_fields.items()
        if any(get_origin(part) in (list, dict) for part in _parts(field.annotation))
    }


def _checks(properties: type[BaseModel]) -> Mapping[str, tuple[Check, ...]]:
    found = {
        name: tuple(
            cast("Check", part.func)
            for part in (*field.metadata, *_parts(field.annotation))
            if isinstance(part, AfterValidator)
        )
        for name, field in properties.model_fields.items()
    }
    return {name: checks for name, checks in found.items() if checks}


def _parts(annotation: Any) -> Iterator[Any]:
    """Walk a type: its branches, what is in its brackets, its constraints."""
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)
