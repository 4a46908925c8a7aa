"""Backups of the database: a dump that leaves this process encrypted, and the way back.

By pg_dump and not as a copy of the data folder: a dump is restored by any newer PostgreSQL on any
machine, and what a load must know of transactions that were another server's is known already
(orchestration/loads/restored.py).
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import Any

import psycopg
import pyrage
from pyrage import x25519

from ingestion.store.alembic.versions.v0001_roles import make_roles
from ingestion.store.binaries import find_binaries
from ingestion.store.database import Role, connect
from ingestion.store.errors import StoreError, one_line
from orchestration.database import open_unmigrated, open_warehouse
from orchestration.psql import without_password
from orchestration.settings import Settings, child_environment, variable_name

_SCHEMAS_MADE = """
select count(*) from pg_namespace where nspname in ('raw', 'ops', 'marts', 'audit')
"""


@dataclass(frozen=True)
class Backup:
    """A file that was written: its size, and the SHA-256 to know it by."""

    file: Path
    size_bytes: int
    sha256: str


def make_key(file: Path) -> str:
    """Make a key, its secret half in a file for its owner alone; returns the public half."""
    identity = x25519.Identity.generate()
    public = str(identity.to_public())
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise StoreError(f"{file} is there already: a key is not written over another") from error
    with os.fdopen(descriptor, "w") as opened:
        opened.write(f"# public key: {public}\n{identity}\n")
    return public


def create_backup(settings: Settings, *, out: Path | None, now: datetime) -> Backup:
    """Dump the whole database, encrypted for the recipient of the settings.

    Nothing of it is written in clear, not even in passing. Raises StoreError without a recipient,
    or where the dump fails: then no file is left.
    """
    recipient = _read_recipient(settings)
    file = out or settings.home / "backups" / f"study-{now:%Y%m%dT%H%M%SZ}.dump.age"
    if file.exists():
        raise StoreError(f"{file} is there already: name another with --out")
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.partial")
    with open_warehouse(settings) as url:
        address, environment = without_password(url)
        words = [_find(settings, "pg_dump"), "--format=custom", "--dbname", address]
        try:
            with partial.open("wb") as sink:
                partial.chmod(0o600)
                _dump(words, child_environment(**environment), sink, recipient)
                os.fsync(sink.fileno())
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
    with file.open("rb") as written:
        digest = file_digest(written, "sha256").hexdigest()
    return Backup(file, file.stat().st_size, digest)


def restore_backup(settings: Settings, file: Path, *, identity: Path) -> None:
    """Bring a backup back into the database of the settings, which must be empty: all or nothing.

    The roles are made where the server has none. Raises StoreError where the key is another, the
    file was changed or cut, or the database holds something.
    """
    key = _read_identity(identity)
    with open_unmigrated(settings) as url:
        with connect(url) as owner:
            _require_empty(owner)
            owner.execute(make_roles(*Role).encode())
        address, environment = without_password(url)
        words = [
            *(_find(settings, "pg_restore"), "--exit-on-error", "--single-transaction"),
            *("--dbname", address),
        ]
        with file.open("rb") as source:
            _restore(words, child_environment(**environment), source, key)
        with connect(url) as owner:
            owner.execute("analyze")


def _dump(
    words: Sequence[str],
    environment: dict[str, str],
    sink: BufferedWriter,
    recipient: x25519.Recipient,
) -> None:
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as dump:
        if not isinstance(dump.stdout, BufferedReader) or dump.stderr is None:
            raise RuntimeError("pg_dump has no output")
        pyrage.encrypt_io(dump.stdout, sink, [recipient])
        said = dump.stderr.read().decode(errors="replace")
    if dump.returncode:
        raise StoreError(f"pg_dump could not dump the database: {one_line(said)[-500:]}")


def _restore(
    words: Sequence[str], environment: dict[str, str], source: BufferedReader, key: x25519.Identity
) -> None:
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as restore:
        if not isinstance(restore.stdin, BufferedWriter) or restore.stderr is None:
            raise RuntimeError("pg_restore has no input")
        broken: Exception | None = None
        try:
            pyrage.decrypt_io(source, restore.stdin, [key])
        except (pyrage.DecryptError, OSError) as error:
            # Killed before its input ends: otherwise it might commit what had come so far.
            broken = error
            if isinstance(error, pyrage.DecryptError):
                restore.kill()
        said = restore.communicate()[1].decode(errors="replace")
    if isinstance(broken, pyrage.DecryptError):
        raise StoreError(
            f"the backup does not open ({one_line(str(broken))}): it is of another key, or was"
            " changed or cut; nothing was restored"
        ) from broken
    if restore.returncode:
        raise StoreError(f"pg_restore did not restore it: {one_line(said)[-500:]}") from broken


def _require_empty(owner: psycopg.Connection[Any]) -> None:
    row = owner.execute(_SCHEMAS_MADE).fetchone()
    if row and row[0]:
        raise StoreError(
            "the database holds something: restore into an empty one (another STUDY_HOME, or a new"
            " database in STUDY_DATABASE_URL), and look at it before you switch over"
        )


def _read_recipient(settings: Settings) -> x25519.Recipient:
    variable = variable_name("backup_recipient")
    if settings.backup_recipient is None:
        raise StoreError(
            f"there is nobody to encrypt the backup for: make a key with `study backup new-key"
            f" FILE`, keep the file elsewhere, and set {variable} to what it prints"
        )
    try:
        return x25519.Recipient.from_str(settings.backup_recipient)
    except pyrage.RecipientError as error:
        raise StoreError(f"{variable} is no public age key: it begins with age1") from error


def _read_identity(file: Path) -> x25519.Identity:
    lines = [line.strip() for line in file.read_text().splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    try:
        return x25519.Identity.from_str(keys[0])
    except (IndexError, pyrage.IdentityError) as error:
        raise StoreError(f"{file} holds no secret age key (AGE-SECRET-KEY-1...)") from error


def _find(settings: Settings, name: str) -> str:
    beside = find_binaries(settings.postgres_bin).folder / name
    program = str(beside) if beside.is_file() else shutil.which(name)
    if program is None:
        raise StoreError(f"there is no {name} in {beside.parent} or on the PATH")
    return program
