"""What stands before the service and sees each request; it may refuse one, or lose its answer."""

import gzip
import json
import threading
from dataclasses import dataclass, field
from typing import Any

from ingestion.api.app import create_app
from ingestion.api.settings import IngestionSettings

PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def messages(self) -> list[dict[str, Any]]:
        """What was said in it, inflated where it was gzipped."""
        plain = gzip.decompress(self.body) if self.body.startswith(b"\x1f\x8b") else self.body
        document = json.loads(plain)
        found: list[dict[str, Any]] = document.get("batch", [document])
        return found


@dataclass
class Watch:
    """An ASGI application around the service. Files (content, media type) are served besides."""

    settings: IngestionSettings
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    refuse_with: list[int] = field(default_factory=list)
    answers_to_lose: int = 0
    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._app = create_app(self.settings)
        self._arrived = threading.Condition()

    def posts(self) -> list[Seen]:
        """The requests that said something."""
        return [seen for seen in self.seen if seen.method == "POST"]

    def wait_for_messages(self, count: int) -> None:
        """Wait until so many messages were answered, however many requests they came in."""
        with self._arrived:
            came = self._arrived.wait_for(
                lambda: sum(len(seen.messages()) for seen in self.posts()) >= count,
                PATIENCE_SECONDS,
            )
        assert came, [(seen.method, seen.path, seen.headers, seen.body[:300]) for seen in self.seen]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on, and remember it once it is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] in self.files:
            content, media_type = self.files[scope["path"]]
            await _answer(send, 200, content, media_type)
        else:
            await self._watch(scope, receive, send)

    async def _watch(self, scope: Any, receive: Any, send: Any) -> None:
        body = bytearray()

        async def overheard() -> Any:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        if scope["method"] == "POST" and self.refuse_with:
            while (await overheard()).get("more_body"):
                pass
            await _answer(send, self.refuse_with.pop(0))
        elif scope["method"] == "POST" and self.answers_to_lose:
            self.answers_to_lose -= 1
            await self._app(scope, overheard, _nowhere)
            await _answer(send, 502)  # as a proxy that lost the service behind it
        else:
            await self._app(scope, overheard, send)
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        with self._arrived:
            self.seen.append(Seen(scope["method"], scope["path"], headers, bytes(body)))
            self._arrived.notify_all()


async def _nowhere(_: Any) -> None:
    """Say nothing."""


async def _answer(send: Any, status: int, content: bytes = b"", media_type: str = "") -> None:
    headers = [(b"content-type", media_type.encode())] if media_type else []
    if status >= 400:
        headers.append((b"access-control-allow-origin", b"*"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
