"""Any ASGI application on a real socket, in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from ingestion.api import IngestionSettings, create_app


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve it for the length of the block; yields its URL."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="warning", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    started = threading.Event()
    startup = server.startup

    async def startup_and_tell(sockets: object = None) -> None:
        await startup()
        started.set()

    server.startup = startup_and_tell  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert started.wait(30)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


class Front:
    """Stands before the service: sees every batch, and may keep its answer back.

    Other paths than the service's are served from `files` (text and media type by path), so that
    a page and the service have one origin.
    """

    def __init__(
        self,
        database_url: str,
        *,
        write_keys: tuple[str, ...] = (),
        files: dict[str, tuple[bytes, str]] | None = None,
    ) -> None:
        settings = IngestionSettings(database_url=database_url, write_keys=write_keys)
        self._app = create_app(settings)
        self.files = files or {}
        self.batches: list[bytes] = []
        self.arrived = threading.Semaphore(0)
        self.answered = threading.Semaphore(0)
        self.keep_answers_back = False
        self.refuse_with: int | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] not in self.files:
            handle = self._batch if scope["type"] == "http" else self._app
            await handle(scope, receive, send)
            return
        content, media_type = self.files[scope["path"]]
        headers = [(b"content-type", media_type.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _batch(self, scope: Any, receive: Any, send: Any) -> None:
        async def seen() -> Any:
            message = await receive()
            if message["type"] == "http.request":
                body.extend(message.get("body", b""))
            return message

        async def kept_back(message: Any) -> None:
            if not keep_back:
                await send(message)

        body = bytearray()
        refuse_with, keep_back = self.refuse_with, self.keep_answers_back
        if refuse_with is not None:
            await send({"type": "http.response.start", "status": refuse_with, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._app(scope, seen, kept_back)
        self.batches.append(bytes(body))
        self.arrived.release()
        if not keep_back:
            self.answered.release()
