"""An xAPI statement as it comes, read with care: who did what, to which item, when."""

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeGuard

from ingestion.events.instants import parse_instant
from ingestion.events.normalisation import is_storable
from ingestion.readers.identity import LATEST_MILLISECOND, name_uuid, to_millisecond

NO_VERB = "malformed statement: no verb or object"
NO_TIME = "malformed statement: no timestamp, or not one of 1970 to 9999"
NO_LEARNER = "an actor that is no identified person"
REPEATED = "statement of the same id before"
VOIDED = "voided by another statement"
VOIDS = "voids another statement"

_VIDEO = "https://w3id.org/xapi/video/extensions/"
_ID_CHARACTERS = 128
_DAY_SECONDS = 86_400
_LABEL_CHARACTERS = 40
# ISO 8601 as learning record stores write it; years and months have no length in seconds.
_DURATION = re.compile(
    r"P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_DURATION_SECONDS = (7 * _DAY_SECONDS, _DAY_SECONDS, 3_600, 60, 1)


class Statement(NamedTuple):
    """One statement; `millisecond` is Unix time, `player` names one use of a player."""

    statement_id: str
    learner: str
    millisecond: int
    verb: str
    activity: str
    item: str
    topic: str | None
    player: str
    result: Mapping[str, Any]
    context: Mapping[str, Any]


def parse_statement(value: object) -> Statement | str:
    """Read a line's JSON value as a statement, or say what is wrong with it."""
    statement = _object(value)
    item = _object(statement.get("object")).get("id")
    verb, activity = name_kinds(value)
    if verb == "?" or not _is_text(item):
        return NO_VERB
    millisecond = _read_time(statement.get("timestamp") or statement.get("stored"))
    if millisecond is None:
        return NO_TIME
    learner = _find_learner(_object(statement.get("actor")))
    if learner is None:
        return NO_LEARNER
    context = _object(statement.get("context"))
    player = read_extension(context, "session-id") or context.get("registration")
    given = statement.get("id")
    # Without an id of its own it is known by what it says.
    name = given if isinstance(given, str) else f"{learner} {millisecond} {verb} {item}"
    return Statement(
        name.lower(),
        learner,
        millisecond,
        verb,
        activity,
        _shorten(item),
        _find_topic(context),
        str(player),
        _object(statement.get("result")),
        context,
    )


def name_kinds(value: object) -> tuple[str, str]:
    """The last words of a statement's verb and activity type, to count it by."""
    statement = _object(value)
    definition = _object(_object(statement.get("object")).get("definition"))
    verb = _last_word(_object(statement.get("verb")).get("id"))
    return verb or "?", _last_word(definition.get("type")) or "unknown"


def find_voided(value: object) -> str | None:
    """The id of the statement this one takes back, if that is what it does."""
    statement = _object(value)
    if name_kinds(value)[0] != "voided":
        return None
    target = _object(statement.get("object")).get("id")
    return target.lower() if isinstance(target, str) else None


def _find_learner(actor: Mapping[str, Any]) -> str | None:
    """The one identifier an agent has; a group is nobody in particular."""
    if actor.get("objectType", "Agent") != "Agent":
        return None
    account = _object(actor.get("account"))
    home, name = account.get("homePage"), account.get("name")
    if _is_text(home) and _is_text(name):
        return f"{home}\x1f{name}"
    for kind in ("mbox", "mbox_sha1sum", "openid"):
        if _is_text(actor.get(kind)):
            return f"{kind}\x1f{actor[kind]}"
    return None


def _find_topic(context: Mapping[str, Any]) -> str | None:
    """What the item is part of: the first parent, or the first of its grouping."""
    activities = _object(context.get("contextActivities"))
    for relation in ("parent", "grouping"):
        related = activities.get(relation)
        first = related[0] if isinstance(related, list) and related else related
        found = _object(first).get("id")
        if _is_text(found):
            return _shorten(found)
    return None


def _shorten(identifier: str) -> str:
    """An id as events have it: an IRI that is too long is named by its digest."""
    if len(identifier) <= _ID_CHARACTERS:
        return identifier
    return str(name_uuid("xapi", "activity", identifier))


def _read_time(value: object) -> int | None:
    try:
        millisecond = to_millisecond(parse_instant(value))
    except ValueError:
        return None
    return millisecond if 0 <= millisecond <= LATEST_MILLISECOND else None


def read_duration(value: object, most: float) -> float | None:
    """An ISO 8601 duration in seconds; None for what is none, or is longer than `most`."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None or not any(match.groups()):
        return None
    parts = zip(match.groups(), _DURATION_SECONDS, strict=True)
    seconds = sum(float(number or 0) * unit for number, unit in parts)
    return round(seconds, 3) if seconds <= most else None


def read_extension(holder: Mapping[str, Any], name: str) -> object:
    """What a result or a context tells under a name of the video profile; None for nothing."""
    return _object(holder.get("extensions")).get(_VIDEO + name)


def read_number(value: object) -> float | None:
    """A finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _is_text(value: object) -> TypeGuard[str]:
    """Whether it is a text that can be kept, and names something."""
    return isinstance(value, str) and value != "" and is_storable(value)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _last_word(iri: object) -> str:
    if not isinstance(iri, str):
        return ""
    word = re.split(r"[/#]", iri.rstrip("/#"))[-1]
    return "".join(filter(str.isprintable, word))[:_LABEL_CHARACTERS]
