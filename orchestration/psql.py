"""psql on the database of the settings."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from ingestion.audit.server_log import OWN_PSQL
from ingestion.store.binaries import find_binaries
from ingestion.store.database import Role, connect, role_url
from ingestion.store.errors import StoreError
from orchestration.database import open_unmigrated
from orchestration.settings import Settings, child_environment

_MAY_LOG = "select has_parameter_privilege('log_statement', 'SET')"


def run_psql(settings: Settings, *, role: Role | None, arguments: Sequence[str]) -> int:
    """Run psql on the terminal and return its exit code.

    Raises StoreError where there is no psql or the database does not come up.
    """
    program = _find_psql(settings)
    with open_unmigrated(settings) as url:
        target = _on_record(url, role)
        address, environment = without_password(target)
        return subprocess.run(
            [program, "--dbname", address, *arguments],
            env=child_environment(**environment),
            check=False,
        ).returncode


def _on_record(url: str, role: Role | None) -> str:
    """The URL of a session whose statements are logged, and so come into the audit.

    Where the login may not ask for that (a given server's, no superuser) they are not.
    """
    program = f"{OWN_PSQL}:{role}" if role else OWN_PSQL
    with connect(url) as connection:
        row = connection.execute(_MAY_LOG).fetchone()
    target = role_url(url, role, application_name=program) if role else url
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True)) | {"application_name": program}
    if row and row[0]:
        query["options"] = f"{query.get('options', '')} -c log_statement=all".strip()
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))


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
