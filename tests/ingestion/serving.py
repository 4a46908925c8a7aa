"""A uvicorn server on a real socket, in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

PATIENCE_SECONDS = 30


@contextmanager
def running(server: uvicorn.Server) -> Iterator[str]:
    """Run it for the length of the block; yields its URL."""
    started = threading.Event()
    startup = server.startup

    async def startup_and_tell(sockets: object = None) -> None:
        await startup()
        started.set()

    server.startup = startup_and_tell  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert started.wait(PATIENCE_SECONDS)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
