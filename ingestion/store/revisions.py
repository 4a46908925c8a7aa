"""Which migrations there are and which a database has had.

Apart from `migrations`, because every worker of the service asks for this and none of them should
carry Alembic and SQLAlchemy (26 MB each) to get a list of names.
"""

from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

from ingestion.store.database import connect
from ingestion.store.errors import StoreError, one_line

ALEMBIC = Path(__file__).parent / "alembic"
VERSION_SCHEMA = "ops"
VERSION_TABLE = "alembic_version"


def pending(url: str) -> list[str]:
    """The migrations not applied yet, in their order; [] when the database is current.

    Raises StoreError when the database cannot be reached or is newer than this project.
    """
    revisions = list_revisions()
    applied = _fetch_applied(url)
    if applied is None:
        return list(revisions)
    if applied not in revisions:
        raise StoreError(
            f"the database is at migration {applied}, which this version of the project does not "
            "know; install the version that made it"
        )
    return list(revisions[revisions.index(applied) + 1 :])


@cache
def list_revisions() -> tuple[str, ...]:
    """Every migration in its order: a file `vNAME.py` holds revision NAME, and names sort.

    A test holds this against Alembic's own chain.
    """
    # readiness is asked often, and the files do not change under a running process
    return tuple(sorted(path.stem[1:] for path in (ALEMBIC / "versions").glob("v*.py")))


def _fetch_applied(url: str) -> str | None:
    table = sql.Identifier(VERSION_SCHEMA, VERSION_TABLE)
    with connect(url) as connection:
        try:
            row = connection.execute(sql.SQL("select version_num from {}").format(table)).fetchone()
        except psycopg.errors.UndefinedTable:
            return None
        except psycopg.Error as error:
            raise StoreError(
                f"the database does not say what was migrated: {one_line(str(error))}; "
                "use the login that owns it, or a role of the house other than study_bi"
            ) from error
    return None if row is None else str(row[0])
