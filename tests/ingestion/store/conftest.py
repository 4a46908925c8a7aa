"""Servers of a test's own, and processes beside the test that hold leases."""

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from ingestion.store.server import EmbeddedServer
from tests.conftest import REPOSITORY

_HOLD = """
import sys
from pathlib import Path
from ingestion.store.server import EmbeddedServer
home, bin_dir = sys.argv[1:]
with EmbeddedServer(Path(home), port=0, bin_dir=Path(bin_dir) if bin_dir else None).lease() as url:
    print(url, flush=True)
    sys.stdin.readline()
"""


class Holder:
    """Another process that takes a lease and keeps it until told to leave."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def await_url(self) -> str:
        assert self._process.stdout is not None
        url = self._process.stdout.readline().strip()
        assert url, "the process has ended without a lease"
        return url

    def leave(self) -> None:
        self._process.communicate("\n", timeout=120)
        assert self._process.returncode == 0

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=120)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=60)


Hold = Callable[..., Holder]


@pytest.fixture(scope="session")
def settled_home(tmp_path_factory: pytest.TempPathFactory, bin_dir: Path | None) -> Path:
    """The folder of a server that was started once and stopped, to copy: initdb is slow."""
    home = tmp_path_factory.mktemp("settled") / "home"
    with EmbeddedServer(home, port=0, bin_dir=bin_dir).lease():
        pass
    return home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    yield home
    # pytest would keep it for three runs more, and it is 40 MB
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def server(home: Path, settled_home: Path, bin_dir: Path | None) -> EmbeddedServer:
    """A server that was started before and does not run now."""
    shutil.copytree(settled_home, home)
    with (home / "postgres" / "postgresql.conf").open("a") as conf:
        conf.write(
            "fsync = off\n"
        )  # a killed server loses nothing by it, a power cut is not tested
    return EmbeddedServer(home, port=0, bin_dir=bin_dir)


@pytest.fixture
def new_server(home: Path, bin_dir: Path | None) -> EmbeddedServer:
    """A server that never ran."""
    return EmbeddedServer(home, port=0, bin_dir=bin_dir)


@pytest.fixture
def server_of_its_own(server: EmbeddedServer) -> Iterator[str]:
    """The administrator's URL of a server on which no role of the house exists yet."""
    with server.lease() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection]:
    """The owner's session in a migrated database of the test's own."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def hold(home: Path, bin_dir: Path | None) -> Iterator[Hold]:
    """Start a process that holds a lease; `prefix` says as whom, `where` on which folder."""
    with ExitStack() as stack:

        def start(prefix: Sequence[str] = (), where: Path | None = None) -> Holder:
            words = [*prefix, sys.executable, "-c", _HOLD, str(where or home), str(bin_dir or "")]
            process = stack.enter_context(
                subprocess.Popen(
                    words,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=REPOSITORY,
                )
            )
            stack.callback(process.kill)
            return Holder(process)

        yield start


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def find_pid(server: EmbeddedServer) -> int:
    pid = server.status().pid
    assert pid is not None
    return pid


@contextmanager
def make_public_folder(owner: tuple[int, int] | None = None) -> Iterator[Path]:
    """A folder that every account can enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="study-store-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if owner is not None:
            shutil.chown(folder, *owner)
        yield folder
