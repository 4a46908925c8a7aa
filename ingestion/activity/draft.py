"""An event on its way from a request to the log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from pydantic import ConfigDict, TypeAdapter, ValidationError

from ingestion.activity.mastery import MasteryReader
from ingestion.activity.request import Said
from ingestion.activity.shape import annotated
from ingestion.events.plan import PLAN
from ingestion.landing.learner_log import StoredEvent, read_learner

_STRICT = ConfigDict(strict=True)


@dataclass(slots=True)
class Draft:
    """What will be the event, while it is being enriched under the learner's lock.

    `moment` is when it happened; `ids` and `properties` begin as what was said. `user_agent` is
    the request's header, `mastery` reads what learners are shown.
    """

    said: Said
    connection: AsyncConnection
    moment: datetime
    user_agent: str | None
    mastery: MasteryReader
    ids: dict[str, str] = field(init=False)
    properties: dict[str, Any] = field(init=False)
    days_since_last_attempt: float | None = field(default=None, init=False)
    _read: dict[tuple[object, ...], list[StoredEvent]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.ids = dict(self.said.ids)
        self.properties = dict(self.said.properties)

    @property
    def user_id(self) -> UUID:
        """Whose event it is."""
        return self.said.user_id

    def add(self, told: Mapping[str, Any]) -> None:
        """Add properties that were not said: what the request says goes before.

        One that the plan has no room for (a session of two weeks) is left out: it was not asked
        for, so the event must not be refused for it.
        """
        for name, value in told.items():
            if name not in self.properties and _fits(self.said.event_type.name, name, value):
                self.properties[name] = value

    async def read(
        self, *event_types: str, about: str | None = None, since: datetime | None = None
    ) -> list[StoredEvent]:
        """The learner's events before this one, all of one id or quiz where `about` names it."""
        events = await self.read_all(*event_types, about=about, since=since)
        return [event for event in events if event.occurred_at <= self.moment]

    async def read_all(
        self, *event_types: str, about: str | None = None, since: datetime | None = None
    ) -> list[StoredEvent]:
        """The same with those that say they happened later."""
        thing = None if about is None else (about, {**self.properties, **self.ids}.get(about))
        key = (event_types, about, since)
        if key not in self._read:  # under the lock it would be the same again
            self._read[key] = await read_learner(
                self.connection, self.user_id, event_types, since=since, about=thing
            )
        return self._read[key]


def _fits(event_type: str, name: str, value: object) -> bool:
    try:
        _adapter(event_type, name).validate_python(value)
    except ValidationError:
        return False
    return value is not None


@cache
def _adapter(event_type: str, name: str) -> TypeAdapter[Any]:
    field = PLAN[event_type].properties.model_fields[name]
    return TypeAdapter(annotated(field), config=_STRICT)
