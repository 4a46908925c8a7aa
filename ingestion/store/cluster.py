"""The server's data folder: making one, and the settings it runs with."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

import psutil

from ingestion.store.account import CALLER, Account
from ingestion.store.binaries import Binaries
from ingestion.store.errors import StoreError, one_line
from ingestion.store.log import LOG_FOLDER

ADMIN = "study"
DATABASE = "study"
SETTINGS_FILE = "study.conf"
_MEBIBYTE = 1024 * 1024


def ensure_cluster(home: Path, data: Path, binaries: Binaries, account: Account) -> None:
    """Make the data folder when absent; else see that these binaries can serve it.

    Write the settings either way. Call it under the start lock with no server running.
    """
    if not (data / "PG_VERSION").exists():
        _make_cluster(home, data, binaries, account)
    check_major(data, binaries)
    _write_private(data / SETTINGS_FILE, render_settings(psutil.virtual_memory().total), account)


def check_major(data: Path, binaries: Binaries) -> None:
    """Raise StoreError when another major version of PostgreSQL made the folder."""
    try:
        made_by = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return
    if made_by != str(binaries.major):
        raise StoreError(
            f"the data in {data} were made by PostgreSQL {made_by}, and {binaries.folder} is "
            f"PostgreSQL {binaries.major}; set STUDY_POSTGRES_BIN to a PostgreSQL {made_by}, or "
            "set STUDY_HOME to another folder"
        )


def server_environment() -> dict[str, str]:
    """The server's environment: none of the caller's secrets, none of libpq's variables."""
    kept = ("PATH", "LD_LIBRARY_PATH")
    inherited = {name: os.environ[name] for name in kept if name in os.environ}
    return {**inherited, "LC_ALL": "C", "TZ": "UTC"}


def render_settings(memory_bytes: int) -> str:
    """The settings the project asks for.

    They are read before what an operator adds: `alter system` and lines below the include in
    postgresql.conf win.
    """
    shared_buffers = min(max(memory_bytes // 8 // _MEBIBYTE, 128), 1024)
    settings = {
        "shared_buffers": f"{shared_buffers}MB",
        "effective_cache_size": f"{max(memory_bytes // 2 // _MEBIBYTE, 512)}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": "256MB",
        # an acknowledged event must survive a power cut
        "fsync": "on",
        "synchronous_commit": "on",
        # this server has the slow method only: a quarter of a small load was spent on it
        "wal_compression": "off",
        "max_wal_size": "4GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "random_page_cost": "1.1",
        # compiling a query over many partitions costs more than these queries take
        "jit": "off",
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "on",
        "log_destination": "jsonlog",
        "log_directory": LOG_FOLDER,
        "log_filename": "postgres-%Y-%m-%d.log",
        "log_file_mode": "0600",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_checkpoints": "on",
        "log_lock_waits": "on",
        "log_autovacuum_min_duration": "10s",
        "lc_messages": "C",
    }
    head = "# Written anew at every start: settings of your own go below the include of this file\n"
    return head + "".join(f"{name} = '{value}'\n" for name, value in settings.items())


def read_password(home: Path) -> str:
    """The administrator's password. Raises StoreError when its file is gone."""
    path = password_file(home)
    try:
        return path.read_text().strip()
    except OSError as error:
        raise StoreError(
            f"the password of the PostgreSQL in {home} cannot be read from {path} "
            f"({error.strerror}); put the file back, or set STUDY_HOME to another folder"
        ) from error


def password_file(home: Path) -> Path:
    """Where the administrator's password lies, readable by its owner only."""
    return home / "postgres.password"


def _make_cluster(home: Path, data: Path, binaries: Binaries, account: Account) -> None:
    # made beside its place and moved there whole, so that a killed initdb leaves no half folder
    fresh = data.with_name(f"{data.name}.new")
    passing = home / "postgres.password.new"
    shutil.rmtree(fresh, ignore_errors=True)
    password = secrets.token_urlsafe(24) + "\n"
    try:
        fresh.mkdir(mode=0o700)
        account.give(fresh)
        _write_private(passing, password, account)
        _run_initdb(home, fresh, passing, binaries, account)
        with (fresh / "postgresql.conf").open("a") as conf:
            conf.write(f"\ninclude = '{SETTINGS_FILE}'\n")
        _write_private(password_file(home), password, CALLER)
        fresh.rename(data)
    except OSError as error:
        raise StoreError(
            f"no PostgreSQL data folder could be made in {home} ({error.strerror}); "
            "set STUDY_HOME to a folder you can write with room on its disk"
        ) from error
    finally:
        passing.unlink(missing_ok=True)


def _run_initdb(
    home: Path, fresh: Path, passing: Path, binaries: Binaries, account: Account
) -> None:
    # text sorts by code point whatever the machine's locale: the same on every machine
    words = [*account.prefix, str(binaries.initdb), "-D", str(fresh), "-U", ADMIN]
    words += [f"--pwfile={passing}"]
    words += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--data-checksums"]
    done = subprocess.run(
        words, check=False, capture_output=True, text=True, cwd=home, env=server_environment()
    )
    if done.returncode:
        raise StoreError(
            f"initdb could not make {fresh}: {one_line(done.stderr[-500:])}; "
            "see that its disk has room and STUDY_HOME is a folder you can write"
        )


def _write_private(path: Path, text: str, account: Account) -> None:
    # always a new file: in a folder that is not ours, what lies there could be a link elsewhere
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        account.give(descriptor)
