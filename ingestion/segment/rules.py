"""Which Segment names are which study events: the one table, and an operator's own beside it."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from ingestion.events.plan import PLAN
from ingestion.segment.spelling import spellings

Call = Literal["track", "page", "screen"]

IDS = ("session_id", "material_id", "chunk_id", "question_id", "topic_id")
"""Fields of an event that Segment's messages say among their properties."""

PAGES: Mapping[str, str] = {
    "Topic": "topic_explored",
    "Material": "material_open",
    "Question": "question_view",
}
"""Pages and screens that say what was studied, if they name it: the id is required."""


class SegmentRulesError(ValueError):
    """A file of rules that cannot be used; says which file, where, and why, in one line."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one Segment name becomes.

    `fields` says where a property goes that is not simply spelt otherwise: to one of `IDS` or to a
    property of the event type. `defaults` are values for what a message does not say, `ignored`
    the properties that are left out.
    """

    event_type: str
    fields: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SegmentRules:
    """Rules by the name of an event, and by the name of a page or screen."""

    events: Mapping[str, Rule]
    pages: Mapping[str, Rule]

    def of(self, call: Call) -> Mapping[str, Rule]:
        """The rules of a kind of call."""
        return self.events if call == "track" else self.pages


def built_in_rules() -> SegmentRules:
    """The 28 event types by their own names, and the three `PAGES`."""
    return SegmentRules(
        events={name: Rule(event_type) for event_type in PLAN for name in spellings(event_type)},
        pages={
            spelling: Rule(event_type)
            for name, event_type in PAGES.items()
            for spelling in (name, name.lower())
        },
    )


def load_segment_rules(file: Path | None) -> SegmentRules:
    """The built-in rules, and those of a TOML file before them. Raises SegmentRulesError."""
    rules = built_in_rules()
    if file is None:
        return rules
    try:
        told = _RulesFile.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise SegmentRulesError(f"{file} cannot be read: {error.strerror or error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise SegmentRulesError(f"{file}, at {place}: {first['msg']}") from error
    except ValueError as error:
        raise SegmentRulesError(f"{file} is no TOML: {error}") from error
    for place, rule in told.places():
        if why := _find_fault(rule):
            raise SegmentRulesError(f"{file}, at {place}: {why}")
    return SegmentRules(
        events={**rules.events, **{name: rule.rule() for name, rule in told.events.items()}},
        pages={**rules.pages, **{name: rule.rule() for name, rule in told.pages.items()}},
    )


class _RuleInFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    event_type: str
    fields: dict[str, str] = Field(default_factory=dict)
    defaults: dict[str, JsonValue] = Field(default_factory=dict)
    ignore: frozenset[str] = frozenset()

    def rule(self) -> Rule:
        return Rule(self.event_type, self.fields, self.defaults, self.ignore)


class _RulesFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    events: dict[str, _RuleInFile] = Field(default_factory=dict)
    pages: dict[str, _RuleInFile] = Field(default_factory=dict)

    def places(self) -> Iterator[tuple[str, _RuleInFile]]:
        for table, rules in (("events", self.events), ("pages", self.pages)):
            for name, rule in rules.items():
                yield f"{table}.{name}", rule


def _find_fault(rule: _RuleInFile) -> str | None:
    """What the tracking plan has against a rule: found now, or every event would be rejected."""
    event_type = PLAN.get(rule.event_type)
    if event_type is None:
        return f"{rule.event_type!r} is no event type of docs/events.md"
    known = {*IDS, *event_type.properties.model_fields}
    for target in (*rule.fields.values(), *rule.defaults):
        if target not in known:
            return f"{event_type.name} has no {target!r}: it has {', '.join(sorted(known))}"
    return None
