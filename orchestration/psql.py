"""psql on the database of the settings."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from ingestion.store.binaries import find_binaries
from ingestion.store.database import Role, role_url
from ingestion.store.errors import StoreError
from orchestration.database import open_unmigrated
from orchestration.settings import Settings, child_environment


def run_psql(settings: Settings, *, role: Role | None, arguments: Sequence[str]) -> int:
    """Run psql on the terminal and return its exit code.

    Raises StoreError where there is no psql or the database does not come up.
    """
    program = _find_psql(settings)
    with open_unmigrated(settings) as url:
        target = role_url(url, role, application_name="study-psql") if role else url
        address, environment = without_password(target)
        return subprocess.run(
            [program, "--dbname", address, *arguments],
            env=child_environment(**environment),
            check=False,
        ).returncode


def without_password(url: str) -> tuple[str, dict[str, str]]:
    """A URL's address and the environment that carries its password.

    Every user of a machine can read the arguments of every process.
    """
    parts = urlsplit(url)
    if parts.password is None:
        return url, {}
    place = parts.netloc.rpartition("@")[2]
    user = f"{parts.username}@" if parts.username else ""
    address = urlunsplit(parts._replace(netloc=f"{user}{place}"))
    return address, {"PGPASSWORD": unquote(parts.password)}


def _find_psql(settings: Settings) -> str:
    beside = find_binaries(settings.postgres_bin).folder / "psql"
    program = str(beside) if beside.is_file() else shutil.which("psql")
    if program is None:
        raise StoreError(
            f"there is no psql in {Path(beside).parent} and none on the PATH; install"
            " postgresql-client"
        )
    return program
