"""Which request of an application is which event: one table, read by the middleware."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs

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


# What is looked at. An application that also reports these itself would count them twice.
VIEWS = (
    TrackedRoute(method="GET", path="/api/materials/{material_id}", event_type="material_open"),
    TrackedRoute(method="GET", path="/api/questions/{question_id}", event_type="question_view"),
    TrackedRoute(method="GET", path="/api/topics/{topic_id}", event_type="topic_explored"),
    TrackedRoute(
        method="GET", path="/api/search", event_type="search_performed", query={"q": "query"}
    ),
)

# What is done, where the route alone says it. What needs more than the route (was the answer
# right?) is for the application to report by `track_event`.
ACTIONS = (
    TrackedRoute(
        method="POST", path="/api/sessions/{session_id}/pause", event_type="session_pause"
    ),
    TrackedRoute(
        method="POST", path="/api/sessions/{session_id}/resume", event_type="session_resume"
    ),
    TrackedRoute(method="POST", path="/api/sessions/{session_id}/end", event_type="session_end"),
    TrackedRoute(
        method="POST", path="/api/materials/{material_id}/complete", event_type="material_complete"
    ),
    TrackedRoute(
        method="POST", path="/api/questions/{question_id}/hint", event_type="ai_hint_requested"
    ),
    TrackedRoute(
        method="POST",
        path="/api/questions/{question_id}/explanation",
        event_type="ai_explanation_requested",
    ),
    TrackedRoute(method="POST", path="/api/quizzes/{quiz_id}/start", event_type="quiz_start"),
    TrackedRoute(method="POST", path="/api/ai-coach/ask", event_type="ai_question_asked"),
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
