"""A PostgreSQL and a service of the tests' own, both to be killed."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from bench.ingest.service import ServiceProcess, serving
from bench.ingest.stream import EventStream
from ingestion.store.errors import StoreError
from ingestion.store.log import LOG_FOLDER
from ingestion.store.migrations import migrate
from ingestion.store.postmaster import POLL_SECONDS, await_end
from ingestion.store.server import EmbeddedServer
from orchestration.supervisor import find_free_port

_ENDS_WITHIN_SECONDS = 60.0
# of multiprocessing, beside the workers it keeps count for
_TRACKER = "multiprocessing.resource_tracker"
_RECOVERS = "automatic recovery in progress"
_LEARNERS, _DAYS, _SEED = 600, 60, 4
WRITERS = "application_name like 'study-ingestion%' and datname = current_database()"


class Rig:
    """The service over a database, and the stream of events that are sent to it."""

    def __init__(
        self, server: EmbeddedServer, url: str, service: ServiceProcess, stream: EventStream
    ) -> None:
        self._server, self.url, self.service, self.stream = server, url, service, stream

    def restart_database(self, kind: str) -> None:
        """Stop or kill the database and see it up again.

        Kinds: `fast` ends sessions and keeps order; `immediate` and `killed` leave a log to
        recover from; `backend` kills one writer, at which the server restarts all by itself.
        """
        _STOPS[kind](self)
        self.revive_database()

    def revive_database(self) -> None:
        """Start the database where it does not run, and wait until it answers.

        A server that recovers by itself calls itself ready all the while, and refuses.
        """
        deadline = time.monotonic() + _ENDS_WITHIN_SECONDS
        while True:
            try:
                with self._server.lease():
                    return
            except StoreError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(POLL_SECONDS)

    def restart_service(self) -> None:
        """Kill the service with all its processes, and start it again."""
        self.service.kill()
        self.service.start()
        self.service.await_ready()

    def kill_worker(self) -> bool:
        """Kill one process that serves; False where the service has none but its first.

        Whoever started it must see to another.
        """
        workers = [one for one in self.service.family()[1:] if _TRACKER not in _words(one)]
        if workers:
            workers[0].kill()
            self.service.await_ready()
        return bool(workers)

    def terminate_writers(self) -> int:
        """End the service's sessions from the side of the database; returns how many."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(
                f"select pg_terminate_backend(pid) from pg_stat_activity where {WRITERS}"
            ).rowcount

    def count_recoveries(self) -> int:
        """How often the database came up after it had fallen, by its own log."""
        logs = (self._server.status().data / LOG_FOLDER).iterdir()
        return sum(log.read_text(errors="replace").count(_RECOVERS) for log in logs)

    def _signal_postmaster(self, number: int) -> None:
        pid = self._postmaster()
        os.kill(pid, number)
        assert await_end(pid, seconds=_ENDS_WITHIN_SECONDS)

    def _kill_server(self) -> None:
        postmaster = psutil.Process(self._postmaster())
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=_ENDS_WITHIN_SECONDS)

    def _kill_backend(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            found = connection.execute(
                f"select pid from pg_stat_activity where {WRITERS} limit 1"
            ).fetchone()
        if found is not None:
            os.kill(found[0], signal.SIGKILL)

    def _postmaster(self) -> int:
        pid = self._server.status().pid
        assert pid is not None
        return pid


_STOPS: dict[str, Callable[[Rig], None]] = {
    "killed": lambda rig: rig._kill_server(),
    "fast": lambda rig: rig._signal_postmaster(signal.SIGINT),
    "immediate": lambda rig: rig._signal_postmaster(signal.SIGQUIT),
    "backend": lambda rig: rig._kill_backend(),
}
KINDS = tuple(_STOPS)


@contextmanager
def open_rig(
    home: Path,
    bin_dir: Path | None,
    *,
    service_home: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Rig]:
    """Run a server, a migrated database and the service for the length of the block.

    The service keeps its log and counters in `service_home`, by default beside the server. The
    server runs with the settings it ships with, and those given.
    """
    # One port for all its lives: who reconnects looks where the server was before.
    server = EmbeddedServer(home / "server", port=find_free_port(), bin_dir=bin_dir)
    if settings:
        _change_settings(server, settings)
    with server.lease() as url:
        migrate(url)
        stream = EventStream(learners=_LEARNERS, days=_DAYS, seed=_SEED)
        stream.open_months(url)
        service_home = service_home or home / "service"
        with serving(url, port=find_free_port(), home=service_home) as service:
            yield Rig(server, url, service, stream)


def _change_settings(server: EmbeddedServer, settings: Mapping[str, str]) -> None:
    with server.lease() as url, psycopg.connect(url, autocommit=True) as connection:
        for name, value in settings.items():
            connection.execute(
                sql.SQL("alter system set {} = {}").format(sql.Identifier(name), sql.Literal(value))
            )


def _words(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""
