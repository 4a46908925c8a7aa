"""Having PostgreSQL log what BI and audit logins do, and what that needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ingestion.store.database import Role

AUDITED = (Role.BI, Role.BI_COHORT, Role.AUDIT)
"""Roles whose logins, and those of their members, are logged statement by statement."""

# Superusers are members of every role. What they do is on record by the server's own settings only.
_LOGINS = """
select
    logins.rolname,
    min(audited.role),
    coalesce(bool_or(settings.setconfig @> array['log_statement=all']), false)
from pg_roles as logins
inner join unnest(%s::text[]) as audited (role)
    on pg_has_role(logins.oid, audited.role, 'member')
left join pg_db_role_setting as settings on
    settings.setrole = logins.oid
    and settings.setdatabase in (
        0, (select oid from pg_database where datname = current_database())
    )
where
    logins.rolcanlogin
    and not logins.rolsuper
    -- the owner is a member of all, and changes what he likes
    and not pg_has_role(logins.oid, 'study_transform', 'member')
group by logins.rolname
"""

_SETTINGS = """
select
    current_setting('logging_collector') = 'on',
    current_setting('log_destination') like '%%jsonlog%%',
    current_setting('shared_preload_libraries') like '%%pgaudit%%',
    pg_has_role('pg_monitor', 'usage')
    and has_function_privilege('pg_read_binary_file(text, bigint, bigint, boolean)', 'execute')
"""


@dataclass(frozen=True)
class Arming:
    """What of the database's log can be had. `roles`: role of the house by audited login."""

    collects: bool
    is_json: bool
    has_pgaudit: bool
    may_read: bool
    roles: Mapping[str, str]
    silent: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every statement of the audited logins can be collected."""
        return self.collects and self.is_json and self.may_read and not self.silent


def look_at_arming(connection: psycopg.Connection[Any]) -> Arming:
    """How it stands; the session is the owner's. `silent` are audited logins nobody logs."""
    ((collects, is_json, has_pgaudit, may_read),) = connection.execute(_SETTINGS).fetchall()
    logins = connection.execute(_LOGINS, (list(AUDITED),)).fetchall()
    return Arming(
        collects,
        is_json,
        has_pgaudit,
        may_read,
        roles={login: role for login, role, _ in logins},
        silent=tuple(sorted(login for login, _, is_logged in logins if not is_logged)),
    )


def arm(connection: psycopg.Connection[Any]) -> Arming:
    """Have every audited login logged; returns how it then stands. Sessions it has keep silent.

    Takes a superuser, or a login with the right to set `log_statement`. Without it the logins
    stay in `silent`.
    """
    for login in look_at_arming(connection).silent:
        statement = sql.SQL("alter role {} set log_statement = 'all'").format(sql.Identifier(login))
        try:
            with connection.transaction():
                connection.execute(statement)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InternalError):
            # InternalError: another has altered the role at this moment, and to the same
            continue
    return look_at_arming(connection)
