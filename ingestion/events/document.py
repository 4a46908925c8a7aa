"""The tracking plan as a page to read: `docs/events.md`."""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby

from pydantic import BaseModel

from ingestion.events.clock import AHEAD_MAX, CLOCK_RULES
from ingestion.events.codes import MEANINGS
from ingestion.events.definition import EventType
from ingestion.events.envelope import Event
from ingestion.events.examples import build_example
from ingestion.events.guarding import text_properties
from ingestion.events.plan import PLAN
from ingestion.events.schemas import JsonSchema, branches, field_schemas

_INTRODUCTION = """\
<!-- Generated from ingestion/events by `python -m ingestion.events.generate`: do not edit. -->
# Events: the tracking plan

What a client may send, and what becomes of it. Every event type below lists when and where it is
sent, the ids it must name and every property it may have; anything else is rejected by name, so
that no number rests on a misspelt field. The same as JSON Schema: [`schemas/`](schemas/).

- **Types are JSON's, and strict.** `"3"` is not a number and `1` is not true; `3.0` is the integer
  3. `null` means absent. Texts may hold anything but a NUL character or half a surrogate pair.
- **A verdict for each event.** An event that breaks a rule is rejected with a code, the place and
  a message that quotes no value; its neighbours in the batch are not touched.
- **Properties are optional unless they are marked**: only what a metric cannot exist without is
  required.
"""

_IDENTITY = """\
## Identity: how a retry is recognised

Every event is stored under a UUIDv7, which carries its time. The same id is stored once: a second
copy is a `duplicate`, the same id with other content a `conflict`.

| the client sends | stored under |
|---|---|
| a UUIDv7 whose time is within 24 h of `occurred_at` (of the receipt, without one) | that id |
| any other id up to 128 characters, with `occurred_at` | a UUIDv7 derived from both |
| any other id without `occurred_at` | nothing: rejected, `occurred_at_required` |
| no id | a new UUIDv7; a retry counts twice |

A derived id depends only on the id and on the millisecond of `occurred_at` as the client wrote it,
in whatever offset; so resend an event with the same two. The client's own id is kept beside it. A
UUID is the same in upper or lower case, with or without hyphens.

"""

_AHEAD_HOURS = int(AHEAD_MAX.total_seconds() // 3600)
_CLOCK = f"""\
## Clock: when it happened

Version {CLOCK_RULES} of the rules.

- Times are RFC 3339 **with an offset** (`2026-03-03T09:30:00Z`, `...+01:00`); digits past the
  microsecond are cut off.
- `sent_at` (on the batch, or on the event, which goes first) is the client's clock when it sent.

| the client sends | `occurred_at` is | `original_occurred_at` is |
|---|---|---|
| no `occurred_at` | the receipt | null |
| `occurred_at` alone | as sent | as sent |
| `occurred_at` and `sent_at` | as sent + (receipt - `sent_at`) | as sent |

| then it is | because |
|---|---|
| rejected, `invalid_value` or `wrong_type` | it has another form, or no offset |
| rejected, `out_of_range` at `sent_at` | `sent_at` lies outside the years 1 to 9999 |
| rejected, `occurred_at_out_of_range` | corrected, it lies over \
{_AHEAD_HOURS} h ahead of the receipt or past the year 9999; corrected or as sent, it lies before \
1970; or its month is not open for landing |
| accepted | otherwise: no error of a clock is too large to be corrected |

- **Stamp `sent_at` anew at every try.** The correction cannot tell a clock that is an hour slow
  from a message that was an hour under way: a batch stored with its `sent_at` and sent again after
  an outage lands later by the outage. Leave `sent_at` out if the clock is known to be right.
- What the message was under way for stays in the corrected time; no clock tells it.
- An event later than its own `sent_at` lies ahead of the receipt by as much: up to
  {_AHEAD_HOURS} h are accepted.
- A wrong `sent_at` beside a right `occurred_at` is not seen if the result is plausible. Compare
  `original_occurred_at` with `occurred_at` when a sender's times look odd.
- The id does not depend on `sent_at` or the receipt, so a retry is recognised whatever its clock
  says.
- A row holds all it was judged by, the client's time, `sent_at` and the receipt, so it can be
  judged again by any version of these rules. Which one it was judged by follows from
  `received_at`: version 1 holds from the first event on.
- A failed event that is replayed (`study failed replay`) is judged by its first receipt and the
  `sent_at` it came with.
"""

_PRIVACY = """\
## Personal data

Texts that somebody may have typed (`guarded` above) are looked through before they are written, and
what is personal in them is replaced: `[email]`, `[phone]`, `[name]` and so on. The event is
accepted. An id cannot be redacted: one that is an e-mail address is rejected, `private_data`; so is
a name among the filters. What the guard finds and what it misses: [`privacy.md`](privacy.md).
"""

_TYPES = {
    "string": "text",
    "uuid": "UUID",
    "date-time": "time",
    "iana-timezone": "timezone name",
    "integer": "integer",
    "number": "number",
    "boolean": "true/false",
    "object": "object",
}
_SIZES = (("Length", "characters"), ("Items", "entries"), ("Properties", "names"))


def render_document() -> str:
    """Write the whole page as Markdown."""
    sections = [
        _INTRODUCTION,
        _render_contents(),
        "## What every event has\n",
        *_render_table(Event),
        "",
        *(line for name, members in _families() for line in _render_family(name, members)),
        _IDENTITY,
        _CLOCK,
        _PRIVACY,
        *_render_codes(),
    ]
    return "\n".join(sections) + "\n"


def _families() -> Iterator[tuple[str, Iterable[EventType]]]:
    return groupby(PLAN.values(), key=lambda event_type: event_type.family)


def _render_contents() -> str:
    rows = ["| family | event types |", "|---|---|"]
    for family, members in _families():
        links = " · ".join(f"[`{member.name}`](#{member.name})" for member in members)
        rows.append(f"| {family} | {links} |")
    return "\n".join(rows) + "\n"


def _render_family(name: str, members: Iterable[EventType]) -> Iterator[str]:
    yield f"## {name.capitalize()}\n"
    for event_type in members:
        ids = ["user_id", *sorted(event_type.required_ids)]
        yield f"### {event_type.name}\n"
        yield f"{event_type.description}\n"
        yield f"- **When**: {event_type.when}"
        yield f"- **Where**: {event_type.where}"
        yield f"- **Must name**: {_join_codes(ids)}"
        schema = f"[`{event_type.name}.json`](schemas/{event_type.name}.json)"
        yield f"- **Schema**: version {event_type.schema_version}, {schema}\n"
        yield from _render_table(event_type.properties, text_properties(event_type))
        yield f"\n```json\n{json.dumps(build_example(event_type), indent=2)}\n```\n"


def _render_table(model: type[BaseModel], guarded: frozenset[str] = frozenset()) -> Iterator[str]:
    yield "| name | type | unit | range | meaning |"
    yield "|---|---|---|---|---|"
    for name, schema in field_schemas(model).items():
        required = " (required)" if model.model_fields[name].is_required() else ""
        kinds = branches(schema)
        cells = (
            f"`{name}`{required}",
            " or ".join(_describe_type(kind) for kind in kinds) + (", guarded" * (name in guarded)),
            schema.get("unit", ""),
            "; ".join(filter(None, (_describe_range(kind) for kind in kinds))),
            schema["description"],
        )
        yield f"| {' | '.join(cells)} |"


def _describe_type(schema: JsonSchema) -> str:
    if schema["type"] == "array":
        entries = " or ".join(_describe_type(kind) for kind in branches(schema["items"]))
        return f"list of {entries}"
    return _TYPES[schema["format"] if "format" in schema else schema["type"]]


def _describe_range(schema: JsonSchema) -> str:
    if "enum" in schema:
        accepted = schema["enum"]
        return _join_codes(accepted) if len(accepted) <= 10 else f"the {len(accepted)} above"
    if "minimum" in schema and "maximum" in schema:
        return f"{schema['minimum']:,} to {schema['maximum']:,}"
    for keyword, unit in _SIZES:
        if f"max{keyword}" in schema:
            least = f"{schema[f'min{keyword}']} to" if f"min{keyword}" in schema else "up to"
            return f"{least} {schema[f'max{keyword}']:,} {unit}"
    return f"from {schema['minimum']}" if "minimum" in schema else ""


def _join_codes(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _render_codes() -> Iterator[str]:
    yield "## Codes of rejection\n"
    yield "| code | meaning |"
    yield "|---|---|"
    for code, meaning in MEANINGS.items():
        yield f"| `{code}` | {meaning} |"
