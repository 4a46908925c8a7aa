"""Under which account the server runs: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ingestion.store.errors import StoreError

SYSTEM_ACCOUNT = "study-postgres"
_OVERFLOW_UID = 65534  # what the kernel shows for every account a user namespace does not map


@dataclass(frozen=True)
class Account:
    """How to start a program of the server."""

    prefix: tuple[str, ...]
    """The words before the program's own command line."""
    owner: tuple[int, int] | None
    """User and group id that must own the server's files; None: the caller's own."""

    def give(self, file: Path | int) -> None:
        """Make the account the owner of a file or folder, given by path or descriptor."""
        if self.owner is not None:
            os.chown(file, *self.owner)


CALLER = Account((), None)
"""Whoever runs this process."""


def choose_account(data: Path, program: Path) -> Account:
    """The account for the server of a data folder, which need not exist yet.

    An ordinary user runs it as is. For root there are three ways, the first that works is taken:
    a user namespace in which root bears an ordinary user's number (touches nothing on the
    machine); a system account that may read what root may; the same account without that, where
    the folders are open to it. An existing data folder keeps the way it was made by.

    Raises StoreError when root has no way.
    """
    if os.geteuid() != 0:
        return CALLER
    made_by = data.stat().st_uid if data.exists() else None
    if made_by in (None, 0):
        account = namespace_account()
        if account is not None and can_run(account, program, data.parent):
            return account
    if made_by != 0:
        entry = _find_entry(made_by) if made_by is not None else _make_entry()
        for account in switched_accounts(entry):
            if can_run(account, program, data.parent):
                return account
    raise StoreError(
        "PostgreSQL does not run as root, and neither a user namespace (unshare) nor the account "
        f"{SYSTEM_ACCOUNT} (setpriv) works here for {data}; run as an ordinary user, move "
        "STUDY_HOME to a folder every user can enter, or set STUDY_DATABASE_URL"
    )


def namespace_account() -> Account | None:
    """Root under an ordinary user's number, in a user namespace; None without `unshare`."""
    unshare = shutil.which("unshare")
    # initdb looks its number up in the password file, so it must be one that has an entry
    entry = next((e for e in pwd.getpwall() if 0 < e.pw_uid < _OVERFLOW_UID and e.pw_gid), None)
    if unshare is None or entry is None:
        return None
    words = (unshare, "--user", f"--map-user={entry.pw_uid}", f"--map-group={entry.pw_gid}")
    return Account(words, None)


def switched_accounts(entry: pwd.struct_passwd) -> list[Account]:
    """Another account: first able to pass root's closed folders by a capability, then bare."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return []
    owner = (entry.pw_uid, entry.pw_gid)
    bare = (setpriv, f"--reuid={owner[0]}", f"--regid={owner[1]}", "--clear-groups")
    capability = "+dac_read_search"
    capable = (*bare, "--inh-caps", capability, "--ambient-caps", capability)
    return [Account(capable, owner), Account(bare, owner)]


def can_run(account: Account, program: Path, home: Path) -> bool:
    """Whether the account can start the program and enter the folder."""
    answers = (
        subprocess.run([*account.prefix, *words], check=False, capture_output=True).returncode
        for words in ((str(program), "--version"), ("/bin/sh", "-c", 'cd "$0"', str(home)))
    )
    return all(code == 0 for code in answers)


def _find_entry(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError as error:
        raise StoreError(
            f"the server's files belong to account {uid}, which this machine does not know; "
            "make that account, give the files to root, or set STUDY_HOME to another folder"
        ) from error


def _make_entry() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_ACCOUNT)
    except KeyError:
        words = ["useradd", "--system", "--user-group", "--no-create-home"]
        words += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SYSTEM_ACCOUNT]
    try:
        subprocess.run(words, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise StoreError(
            "PostgreSQL does not run as root, user namespaces are refused here, and the account "
            f"{SYSTEM_ACCOUNT} could not be made; run as an ordinary user or set STUDY_DATABASE_URL"
        ) from error
    return pwd.getpwnam(SYSTEM_ACCOUNT)
