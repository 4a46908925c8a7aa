"""Any ASGI application on a real socket, in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from ingestion.api.app import create_app
from ingestion.api.settings import IngestionSettings
from tests.ingestion.serving import running


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve it for the length of the block; yields its URL."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="warning", timeout_graceful_shutdown=5
    )
    with running(uvicorn.Server(config)) as url:
        yield url


class Front:
    """Stands before the service: sees every batch, and may refuse it or keep its answer back.

    Paths in `files` (content and media type by path) are served besides, so that a page and the
    service have one origin.
    """

    def __init__(
        self,
        database_url: str,
        *,
        write_keys: tuple[str, ...] = (),
        cors_origins: tuple[str, ...] = (),
    ) -> None:
        settings = IngestionSettings(
            database_url=database_url, write_keys=write_keys, cors_origins=cors_origins
        )
        self._app = create_app(settings)
        self.files: dict[str, tuple[bytes, str]] = {}
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what came, and let everything pass."""
        self.batches: list[bytes] = []
        self.arrived = threading.Semaphore(0)
        self.keep_answers_back = False
        self.refuse_with: int | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] in self.files:
            content, media_type = self.files[scope["path"]]
            await _answer(send, 200, content, media_type)
        elif self.refuse_with is not None:
            await _answer(send, self.refuse_with)
            self._saw(b"")
        else:
            await self._pass_on(scope, receive, send, keep_back=self.keep_answers_back)

    async def _pass_on(self, scope: Any, receive: Any, send: Any, *, keep_back: bool) -> None:
        async def seen() -> Any:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def kept_back(_: Any) -> None:
            """Say nothing."""

        body = bytearray()
        await self._app(scope, seen, kept_back if keep_back else send)
        if scope["method"] == "POST":
            self._saw(bytes(body))
        while keep_back and (await receive())["type"] != "http.disconnect":
            pass

    def _saw(self, body: bytes) -> None:
        self.batches.append(body)
        self.arrived.release()


async def _answer(send: Any, status: int, content: bytes = b"", media_type: str = "") -> None:
    headers = [(b"content-type", media_type.encode())] if media_type else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
