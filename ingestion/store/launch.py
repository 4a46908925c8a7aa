"""Starting the server process, and finding the one that runs."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil
from psycopg.pq import PGconn, Ping

from ingestion.store.account import Account
from ingestion.store.binaries import Binaries
from ingestion.store.cluster import server_environment
from ingestion.store.errors import StoreError, one_line
from ingestion.store.locks import open_lock, try_exclusive
from ingestion.store.log import LOG_FOLDER, read_last_words, startup_log
from ingestion.store.postmaster import (
    POLL_SECONDS,
    Postmaster,
    await_end,
    is_alive,
    is_serving,
    read_postmaster,
)

HOST = "127.0.0.1"
START_SECONDS = 600.0  # recovery after a crash replays up to max_wal_size
LEFTOVER_SECONDS = 30.0
_PORT_TRIES = 5
# started by a shell that ends at once: the server is nobody's child, so it outlives the process
# that started it and nobody has to collect it. What it says before its log opens goes to $0.
_DETACH = '"$@" >"$0" 2>&1 </dev/null & echo $!'


def find_running(home: Path, data: Path) -> Postmaster | None:
    """The server that runs on a data folder, None when there is none and one may be started.

    Call it under the start lock. The proof is a kernel lock that the server and all its
    processes inherited: it holds across containers, where process numbers say nothing, and no
    number used again can fake it. Raises StoreError when somebody holds it but no server answers.
    """
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while True:
        postmaster = read_postmaster(data)
        serves = postmaster is not None and is_serving(postmaster, data)
        if postmaster is not None and serves and postmaster.state != "stopping":
            return postmaster
        if not serves and _is_free(home):
            # PostgreSQL itself refuses to start when the number names any process of ours
            (data / "postmaster.pid").unlink(missing_ok=True)
            return None
        if time.monotonic() > deadline:
            raise StoreError(
                f"processes of a PostgreSQL still use {data}, but it does not answer: it was "
                "killed and left them behind, is still stopping, or runs in another container; "
                "end them and start again"
            )
        time.sleep(POLL_SECONDS)


def launch(home: Path, data: Path, binaries: Binaries, account: Account, port: int) -> Postmaster:
    """Start the server and wait until it answers. Call it under the start lock.

    Raises StoreError when the port is taken or the server does not come up.
    """
    for _ in range(_PORT_TRIES):
        chosen = port or _free_port()
        if port:
            _check_port(port)
        pid = _start(home, data, binaries, account, chosen)
        try:
            return await_ready(home, data, pid)
        except BaseException:
            _end(pid)
            await_free(home)
            if port or not _is_taken(chosen):
                raise
    raise StoreError(f"no free port was found on {HOST} in {_PORT_TRIES} tries; try again")


def await_ready(home: Path, data: Path, pid: int) -> Postmaster:
    """Wait until the server of that process number answers, through recovery if need be."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        postmaster = read_postmaster(data)
        if postmaster is not None and postmaster.pid == pid and postmaster.state == "ready":
            return postmaster
        if not is_alive(pid):
            await_free(home)
            raise StoreError(
                f"PostgreSQL did not start on {data}: {read_last_words(home, data, pid)}; "
                f"look into {data / LOG_FOLDER}"
            )
        time.sleep(POLL_SECONDS)
    raise StoreError(
        f"PostgreSQL (process {pid}) was not ready in {START_SECONDS:.0f} s; "
        f"it may still be recovering from a crash: look into {data / LOG_FOLDER}"
    )


def await_recovered(port: int) -> None:
    """Wait while a server turns everyone away because it starts or recovers from a crash.

    One that lost a process says so only to those who ask: its files say that it is ready.
    """
    deadline = time.monotonic() + START_SECONDS
    address = f"host={HOST} port={port} connect_timeout=30".encode()
    while PGconn.ping(address) == Ping.REJECT and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def await_free(home: Path) -> None:
    """Wait, but not for ever, until the last process of a server that ended is gone.

    The logger is the last: it still writes why.
    """
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while not _is_free(home) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _start(home: Path, data: Path, binaries: Binaries, account: Account, port: int) -> int:
    settings = {"listen_addresses": HOST, "port": port, "unix_socket_directories": ""}
    words = [*account.prefix, str(binaries.postgres), "-D", str(data)]
    for name, value in settings.items():
        words += ["-c", f"{name}={value}"]
    said = startup_log(home)
    alive = open_lock(home / "postgres.alive")
    try:
        said.unlink(missing_ok=True)  # it may be another user's
        if not try_exclusive(alive):
            raise StoreError(f"another PostgreSQL has just started on {data}; try again")
        answer = subprocess.run(
            ["/bin/sh", "-c", _DETACH, str(said), *words],
            check=True,
            stdout=subprocess.PIPE,
            cwd=home,
            env=server_environment(),
            pass_fds=(alive,),
            # Ctrl-C in the terminal is for whoever holds a lease, not for the server
            start_new_session=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise StoreError(f"PostgreSQL could not be started: {one_line(str(error))}") from error
    finally:
        os.close(alive)
    return int(answer.stdout)


def _end(pid: int) -> None:
    for number in (signal.SIGINT, signal.SIGKILL):
        if not is_alive(pid):
            return
        os.kill(pid, number)
        await_end(pid, seconds=LEFTOVER_SECONDS)


def _is_free(home: Path) -> bool:
    descriptor = open_lock(home / "postgres.alive")
    try:
        return try_exclusive(descriptor)
    finally:
        os.close(descriptor)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        # as PostgreSQL does: a port whose last connection has just closed is free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def _check_port(port: int) -> None:
    if _is_taken(port):
        raise StoreError(
            f"port {port} is in use by {_name_listener(port)}, "
            "set STUDY_POSTGRES_PORT to a free one"
        )


def _name_listener(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and port in connection.laddr
            if listens and connection.pid is not None:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return "another program"
    return "another program"
