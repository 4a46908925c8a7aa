"""ASGI middleware that tracks what a table of routes says, beside the request."""

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any
from uuid import UUID

from ingestion.clients.client import AsyncStudyClient, StudyClient
from ingestion.clients.event import EventFields
from ingestion.clients.routes import IDS, VIEWS, Match, RouteTable, TrackedRoute

LOG = logging.getLogger("study.client")
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Extractor = Callable[[Mapping[str, Any]], UUID | str | None]

_DETAILS = "study_event"
_NOT_MODIFIED = 304


def from_header(name: str) -> Extractor:
    """Take an id from a request header: one that only your own gateway can set."""
    wanted = name.lower().encode("latin-1")

    def extract(scope: Mapping[str, Any]) -> str | None:
        for key, value in scope["headers"]:
            if key == wanted:
                return str(value.decode("latin-1"))
        return None

    return extract


def from_state(name: str) -> Extractor:
    """Take an id from `request.state`, where the application's own authentication put it."""

    def extract(scope: Mapping[str, Any]) -> UUID | str | None:
        found: UUID | str | None = scope.get("state", {}).get(name)
        return found

    return extract


def describe_event(scope: Scope, **details: Any) -> None:
    """From a handler: tell more of the event its request is, `describe_event(request.scope, ...)`.

    Ids (`topic_id=...`) are the event's, all else its properties; they go before what the route
    told. Does nothing where the request is not tracked.
    """
    if _DETAILS in scope:
        scope[_DETAILS].update(details)


class TrackingMiddleware:
    """Tracks each answered request that the table has, once its response has been sent.

    `learner` and `session` find the ids, after the application has seen the request; a request
    without a learner is nobody's and is not tracked. Only answers of success count (2xx, 304).
    The request never waits: the event is handed to the client in memory (`offer`), and whatever
    fails on this side is logged and counted there, never raised.
    """

    def __init__(
        self,
        app: Application,
        *,
        client: StudyClient | AsyncStudyClient,
        learner: Extractor,
        session: Extractor = lambda _: None,
        routes: Sequence[TrackedRoute] = VIEWS,
    ) -> None:
        self._app, self._client = app, client
        self._learner, self._session = learner, session
        self._table = RouteTable(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection as the application does."""
        match = self._match(scope) if scope["type"] == "http" else None
        if match is None:
            await self._app(scope, receive, send)
            return
        status = 0

        async def send_and_track(message: Message) -> None:
            nonlocal status
            await send(message)
            if message["type"] == "http.response.start":
                status = message["status"]
            elif (
                message["type"] == "http.response.body"
                and not message.get("more_body")
                and (200 <= status < 300 or status == _NOT_MODIFIED)
            ):
                self._track(scope, match)

        scope[_DETAILS] = {}
        await self._app(scope, receive, send_and_track)

    def _match(self, scope: Scope) -> Match | None:
        path: str = scope["path"]
        root: str = scope.get("root_path", "")
        return self._table.find(scope["method"], path.removeprefix(root) if root else path)

    def _track(self, scope: Scope, match: Match) -> None:
        try:
            learner = self._learner(scope)
            if learner is not None:
                self._client.offer(**_event(scope, match, learner, self._session(scope)))
        except Exception:  # the application's extractors and details; its response is sent
            LOG.exception("a %s was not tracked", match.route.event_type)


def _event(
    scope: Scope, match: Match, learner: UUID | str, session: UUID | str | None
) -> EventFields:
    ids, properties = match.told(scope.get("query_string", b""))
    details: dict[str, Any] = scope[_DETAILS]
    for name, value in details.items():
        (ids if name in IDS else properties)[name] = value
    event: EventFields = {
        "user_id": learner,
        "event_type": match.route.event_type,
        "session_id": ids.pop("session_id", session),
        "properties": properties,
        **ids,  # type: ignore[typeddict-item]
    }
    return event
