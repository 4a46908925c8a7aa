"""The kinds of value a property may have: each with its type, bounds and unit in one place.

Bounds are wide where they only guard. They keep one buggy client from overflowing a sum, and so
from stopping the load for every learner.
"""

from enum import Enum
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from ingestion.events.codes import Code
from ingestion.events.timezones import timezone_names


class Content(Enum):
    """What a text may hold, for the guard of personal data: it reads these marks and no names.

    `TEXT` is what somebody may have typed, or an app have filled in from what was typed; personal
    data are redacted in it. An `ID` cannot be redacted, or two things would become one: it is
    refused. What bears no mark has a fixed list of values.
    """

    TEXT = "text"
    ID = "id"


_DAY_SECONDS: Final = 86_400
_WEEK_SECONDS: Final = 7 * _DAY_SECONDS
_INTEGER_MAX: Final = 2_147_483_647


def json_kind(value: object) -> str:
    """Name the JSON type of a value, to pick the branch of a union by.

    The names end up in messages; with their spaces they are not mistaken for a client's keys.
    """
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"


def _check_timezone(name: str) -> str:
    if name not in timezone_names():
        raise PydanticCustomError(
            Code.INVALID_VALUE.value, "must be an IANA timezone name, like Europe/Berlin"
        )
    return name


_seconds = {"unit": "s"}
_milliseconds = {"unit": "ms"}
_percent = {"unit": "%"}
_characters = {"unit": "characters"}

Count = Annotated[int, Field(ge=0, le=_INTEGER_MAX)]
Ordinal = Annotated[int, Field(ge=1, le=_INTEGER_MAX)]
Characters = Annotated[int, Field(ge=0, le=_INTEGER_MAX, json_schema_extra=_characters)]
Offset = Annotated[float, Field(ge=0, le=_INTEGER_MAX, json_schema_extra=_characters)]
Xp = Annotated[int, Field(ge=0, le=_INTEGER_MAX, json_schema_extra={"unit": "XP"})]
Days = Annotated[int, Field(ge=0, le=_INTEGER_MAX, json_schema_extra={"unit": "days"})]
Tokens = Annotated[int, Field(ge=0, le=_INTEGER_MAX, json_schema_extra={"unit": "tokens"})]
Seconds = Annotated[float, Field(ge=0, le=_DAY_SECONDS, json_schema_extra=_seconds)]
TotalSeconds = Annotated[float, Field(ge=0, le=_WEEK_SECONDS, json_schema_extra=_seconds)]
Milliseconds = Annotated[float, Field(ge=0, le=_INTEGER_MAX, json_schema_extra=_milliseconds)]
Percent = Annotated[float, Field(ge=0, le=100, json_schema_extra=_percent)]
Ratio = Annotated[float, Field(ge=0, le=1)]
FiveSteps = Annotated[int, Field(ge=1, le=5)]

Identifier = Annotated[str, Field(min_length=1, max_length=128), Content.ID]
Name = Annotated[str, Field(max_length=200), Content.TEXT]
FreeText = Annotated[str, Field(max_length=2_000), Content.TEXT]
Timezone = Annotated[
    str, AfterValidator(_check_timezone), Field(json_schema_extra={"format": "iana-timezone"})
]

Identifiers = Annotated[list[Identifier], Field(max_length=50)]

Difficulty = Annotated[
    Annotated[Ratio, Tag("a number")] | Annotated[Literal["easy", "medium", "hard"], Tag("a text")],
    Discriminator(json_kind),
]
Level = Annotated[
    Annotated[Count, Tag("a number")] | Annotated[Name, Tag("a text")],
    Discriminator(json_kind),
]

_Scalar = Annotated[
    Annotated[float, Tag("a number")]
    | Annotated[Name, Tag("a text")]
    | Annotated[bool, Tag("true or false")],
    Discriminator(json_kind),
]
_FilterValue = Annotated[
    Annotated[float, Tag("a number")]
    | Annotated[Name, Tag("a text")]
    | Annotated[bool, Tag("true or false")]
    | Annotated[list[_Scalar], Field(max_length=50), Tag("a list")],
    Discriminator(json_kind),
]
Filters = Annotated[
    Annotated[dict[Identifier, _FilterValue], Field(max_length=50), Tag("an object")]
    | Annotated[list[Name], Field(max_length=50), Tag("a list")],
    Discriminator(json_kind),
]
