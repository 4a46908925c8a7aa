"""What a request says, held against the shape of its route."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from ingestion.activity.choosing import CHOICES
from ingestion.activity.refusing import ActivityRefusedError
from ingestion.activity.shape import COMPUTED, IDS, Body, body_model, path_model
from ingestion.activity.table import Activity
from ingestion.events.codes import Code
from ingestion.events.definition import EventType
from ingestion.events.identity import parse_uuid
from ingestion.events.instants import parse_instant
from ingestion.events.normalisation import UnfitError, normalise
from ingestion.events.plan import PLAN
from ingestion.events.refusal import reject_for as word_refusal
from ingestion.events.refusal import render_path
from ingestion.events.validation import refuse_name

_KEY_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class Said:
    """What a request says of the event it is: ids and properties, in JSON's types, as it said them.

    `client_id` is the id that tells a retry from a second event, `occurred_at` the client's time.
    """

    activity: Activity
    event_type: EventType
    user_id: UUID
    client_id: str | None
    occurred_at: datetime | None
    ids: Mapping[str, str]
    properties: Mapping[str, Any]

    @property
    def session_id(self) -> UUID | None:
        """The session named; None for none, or for what is no id of one."""
        named = self.ids.get("session_id")
        return None if named is None else parse_uuid(named)


def read_request(
    activity: Activity,
    parameters: Mapping[str, str],
    body: Mapping[str, Any],
    *,
    learner: str | None,
    key: str | None,
) -> Said:
    """Hold a request against its route. `learner` and `key` are headers, which a body may repeat.

    Raises `ActivityRefusedError`: an unknown name, a value out of its bounds, no learner.
    """
    model = body_model(activity.path)
    _check_names(activity, body, model.model_fields)
    present = {kept: bool(body[name]) for name, kept in activity.presence.items() if name in body}
    _check(path_model(activity.path), parameters)
    clean = _check(model, {n: v for n, v in body.items() if n not in activity.presence})
    chosen = CHOICES[activity.choice](clean)
    _fold_names(activity, clean)
    event_type = PLAN[activity.events[chosen]]
    known = event_type.properties.model_fields
    told = {**clean, **parameters}
    occurred_at = clean.get("occurred_at")
    return Said(
        activity,
        event_type,
        _learner(clean.get("user_id"), learner),
        _client_id(clean.get("event_id"), key),
        None if occurred_at is None else parse_instant(occurred_at),
        {name: told[name] for name in IDS if name in told},
        {name: value for name, value in told.items() if name in known} | present,
    )


def _check(model: type[Body], told: Mapping[str, Any]) -> dict[str, Any]:
    clean: dict[str, Any] = {}
    try:
        clean = normalise(dict(told))
        model.model_validate(clean)
    except UnfitError as unfit:
        raise ActivityRefusedError(unfit.code, render_path(unfit.path), unfit.message) from unfit
    except ValidationError as error:
        why = word_refusal(error, clean)
        raise ActivityRefusedError(why.code, why.path, why.message) from error
    return clean


def _check_names(activity: Activity, body: Mapping[str, Any], known: Mapping[str, object]) -> None:
    for name in body:
        if name in known:
            continue
        if name in activity.parameters:
            words = "stands in the path: leave it out of the body"
        elif name in COMPUTED and name in PLAN[activity.first_event].properties.model_fields:
            words = "is computed from what the learner did before: leave it out"
        else:
            why = refuse_name(Code.UNKNOWN_FIELD, "this route has no such field", (name,), known)
            raise ActivityRefusedError(why.code, why.path, why.message)
        raise ActivityRefusedError(Code.UNKNOWN_FIELD, name, words)


def _fold_names(activity: Activity, clean: dict[str, Any]) -> None:
    """Give what was said by a friendly name the plan's."""
    for alias, name in activity.aliases.items():
        if alias in clean:
            if name in clean:
                words = f"says the same as `{name}`: send one of the two"
                raise ActivityRefusedError(Code.INVALID_VALUE, alias, words)
            clean[name] = clean.pop(alias)
    for text, length in activity.lengths.items():
        if text in clean:
            clean[length] = len(clean.pop(text))


def _learner(said: str | None, header: str | None) -> UUID:
    told = {parse_uuid(text) for text in (said, header) if text is not None}
    if not told:
        words = "is required: the learner's UUID, here or as the header X-User-Id"
        raise ActivityRefusedError(Code.MISSING_FIELD, "user_id", words)
    if len(told) > 1 or None in told:
        words = "must be one UUID, the same in the body and in the header X-User-Id"
        raise ActivityRefusedError(Code.INVALID_VALUE, "user_id", words)
    (learner,) = told
    if learner is None:
        raise RuntimeError("a learner was found to be none")
    return learner


def _client_id(said: str | None, header: str | None) -> str | None:
    if said is not None and header is not None and said != header:
        words = "and the header Idempotency-Key must be the same where both are sent"
        raise ActivityRefusedError(Code.INVALID_VALUE, "event_id", words)
    if header is not None and not (0 < len(header) <= _KEY_CHARACTERS and header.isprintable()):
        words = f"Idempotency-Key must have 1 to {_KEY_CHARACTERS} printable characters"
        raise ActivityRefusedError(Code.INVALID_VALUE, "", words)
    return said if said is not None else header
