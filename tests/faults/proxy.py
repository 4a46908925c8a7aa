"""A wire that breaks: passes bytes on, and resets both ends after some of them."""

import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bench.ingest.load import HOST

# RST instead of FIN: the peer hears of it at once, and what was under way is lost.
_RESET = struct.pack("ii", 1, 0)
_CHUNK = 4096
# A request here is 43 kB and its answer a fifth of it: a connection lives for one or two batches.
_MOST_SENT, _MOST_ANSWERED = 90_000, 20_000


class CuttingProxy:
    """Passes connections on to a port, and cuts each at a place drawn for it.

    Half of them while the request goes in, half while the answer comes out. `cuts` counts them,
    by the side that was cut.
    """

    def __init__(self, target: int, seed: int) -> None:
        self._target = target
        self._chance = random.Random(seed)
        self._listener = socket.create_server((HOST, 0))
        self._threads: list[threading.Thread] = []
        self.port = int(self._listener.getsockname()[1])
        self.cuts = {"request": 0, "answer": 0}

    def run(self) -> None:
        """Take connections until closed."""
        with suppress(OSError):  # the listener was closed
            while True:
                near, _ = self._listener.accept()
                self._pass_on(near)

    def close(self) -> None:
        """Take no more connections, and wait for those under way."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _pass_on(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection((HOST, self._target))
        except OSError:
            _break(near)
            near.close()
            return
        in_request = self._chance.random() < 0.5
        most = self._chance.randrange(1, _MOST_SENT if in_request else _MOST_ANSWERED)
        ways = (
            ("request", near, far, most if in_request else None),
            ("answer", far, near, None if in_request else most),
        )
        for way in ways:
            thread = threading.Thread(target=self._relay, args=way, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _relay(
        self, side: str, source: socket.socket, sink: socket.socket, most: int | None
    ) -> None:
        with suppress(OSError):  # the other way was cut, or an end has gone
            while data := source.recv(_CHUNK if most is None else min(_CHUNK, most)):
                sink.sendall(data)
                if most is not None and (most := most - len(data)) == 0:
                    self.cuts[side] += 1
                    break
        for end in (source, sink):
            _break(end)
        source.close()  # the sink is the other way's to close, which the break has woken


def _break(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RD)


@contextmanager
def cutting(target: int, *, seed: int) -> Iterator[CuttingProxy]:
    """Run a proxy before a port for the length of the block."""
    proxy = CuttingProxy(target, seed)
    thread = threading.Thread(target=proxy.run, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
