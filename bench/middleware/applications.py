"""The application that is measured, bare and tracked, and the service it reports to."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request

from ingestion.clients import (
    ClientSettings,
    StudyClient,
    TrackingMiddleware,
    describe_event,
    from_header,
)

LEARNER = "7b5de3c9-2ac8-4c0c-8b3d-5b9b5f1b0c11"
_STARTING_SECONDS = 60.0


def make_application() -> FastAPI:
    """An ordinary handler that also tells of its event: a no-op where nothing is tracked."""
    app = FastAPI()

    @app.get("/api/materials/{material_id}")
    async def material(request: Request, material_id: str) -> dict[str, str]:
        describe_event(request.scope, topic_id="cardiology", total_pages=42)
        return {"id": material_id}

    return app


async def accept_all(_: Any, receive: Any, send: Any) -> None:
    """A service that accepts every event: its work is not what is measured."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    verdicts = [{"status": "accepted"}] * len(json.loads(body)["events"]) if body else []
    answer = json.dumps({"results": verdicts}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": answer})


@contextmanager
def serving(spool: Path) -> Iterator[tuple[str, str]]:
    """Bare and tracked application, each in a process of its own; yields their URLs."""
    with (
        _process(_serve_service) as service,
        _process(_serve_bare) as bare,
        _process(_serve_tracked, service, spool) as tracked,
    ):
        yield bare, tracked


@contextmanager
def _process(serve: Any, *arguments: Any) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    process = get_context("spawn").Process(target=serve, args=(listener, *arguments))
    process.start()
    try:
        # The socket listens already: the answer comes once the process has started.
        httpx.get(f"{url}/api/materials/first", timeout=_STARTING_SECONDS)
        yield url
    finally:
        process.terminate()
        process.join(_STARTING_SECONDS)
        listener.close()


def _serve_service(listener: socket.socket) -> None:
    _serve(accept_all, listener)


def _serve_bare(listener: socket.socket) -> None:
    _serve(make_application(), listener)


def _serve_tracked(listener: socket.socket, service: str, spool: Path) -> None:
    app = make_application()
    with StudyClient(ClientSettings(url=service, spool=spool)) as client:
        learner = from_header("X-Learner")
        app.add_middleware(TrackingMiddleware, client=client, learner=learner)
        _serve(app, listener)


def _serve(app: Any, listener: socket.socket) -> None:
    config = uvicorn.Config(app, lifespan="off", log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])
