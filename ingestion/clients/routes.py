"""Which request of an application is which event: one table, read by the middleware."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs

from ingestion.activity.table import ACTIVITIES
from ingestion.clients.event import EventName

IDS = ("material_id", "chunk_id", "question_id", "topic_id", "session_id")
_PARAMETER = re.compile(r"\\\{(\w+)\\\}")


@dataclass(frozen=True, kw_only=True)
class TrackedRoute:
    """A request that is an event.

    Parameters of the path named as an event's ids become these, others become properties.
    `query` says which property a parameter of the query string becomes.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    event_type: EventName
    query: Mapping[str, str] = field(default_factory=dict)


# Both from the one table of the activity API, so that a route means the same event whoever is told
# of it: the service by its application, or this middleware by the request.

# What is looked at. An application that also reports these itself would count them twice.
VIEWS = tuple(
    TrackedRoute(
        method="GET",
        path=activity.view,
        event_type=activity.first_event,
        query=activity.query,
    )
    for activity in ACTIVITIES
    if activity.view is not None
)

# What is done, where the route alone says it. What needs more than the route (was the answer
# right?) is for the application to report by `track_event`.
ACTIONS = tuple(
    TrackedRoute(method="POST", path=activity.path, event_type=activity.first_event)
    for activity in ACTIVITIES
    if activity.is_plain
)


@dataclass(frozen=True, slots=True)
class Match:
    """A request found in the table, and what its path told."""

    route: TrackedRoute
    parameters: Mapping[str, str]

    def told(self, query_string: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
        """The event's ids and its properties."""
        ids = {name: value for name, value in self.parameters.items() if name in IDS}
        properties = {name: value for name, value in self.parameters.items() if name not in IDS}
        if self.route.query:
            asked = parse_qs(query_string.decode("latin-1"))
            for parameter, name in self.route.query.items():
                if values := asked.get(parameter):
                    properties[name] = values[0]
        return ids, properties


class RouteTable:
    """Finds a request's event by its method and path."""

    def __init__(self, routes: Sequence[TrackedRoute]) -> None:
        self._by_method: dict[str, list[tuple[re.Pattern[str], TrackedRoute]]] = {}
        for route in routes:
            pattern = _PARAMETER.sub(r"(?P<\1>[^/]+)", re.escape(route.path))
            found = self._by_method.setdefault(route.method, [])
            found.append((re.compile(f"{pattern}/?"), route))

    def find(self, method: str, path: str) -> Match | None:
        """The first route of the table that the whole path fits."""
        for pattern, route in self._by_method.get(method, ()):
            if match := pattern.fullmatch(path):
                return Match(route, match.groupdict())
        return None
