from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from ingestion.store.database import Role, role_url
from ingestion.store.migrations import migrate
from ingestion.store.partitions import month_bounds, partition_name

TODAY = datetime.now(UTC).date()
PARTITION = f"raw.{partition_name(TODAY)}"
EVENT_ID = UUID(int=month_bounds(TODAY)[0].int + 1)

INSERT_EVENT = (
    "insert into raw.study_events (event_id, event_type, user_id, occurred_at, received_at,"
    " properties) values (gen_id(), 'level_up', gen_random_uuid(), now(), now(), '{}')"
)
INSERT_EVENT_AS_3 = INSERT_EVENT.replace("properties)", "properties, ingest_xid)").replace(
    "'{}')", "'{}', '3')"
)
INSERT_FAILED = (
    "insert into raw.failed_events (failed_event_id, received_at, kind, code, message, payload)"
    " values (gen_random_uuid(), now(), 'rejected', 'wrong_type', 'why', '{}')"
)
INSERT_CHECK = "insert into quality.check_results (suite, success) values ('raw', true)"

INSERT_LOAD = (
    "insert into ops.loads (kind, to_xid, as_of, state, cluster_id)"
    " values ('load', '3', now(), 'running', '1')"
)

PERMITTED = [
    (Role.INGEST, INSERT_EVENT),
    (Role.INGEST, f"{INSERT_EVENT} on conflict (event_id) do nothing returning event_id"),
    (Role.INGEST, "select * from raw.study_events"),
    (Role.INGEST, INSERT_FAILED),
    (Role.INGEST, f"{INSERT_FAILED} on conflict (failed_event_id) do nothing"),
    (Role.INGEST, "select * from raw.failed_events"),
    (Role.TRANSFORM, "select * from raw.study_events"),
    (Role.TRANSFORM, "select * from raw.failed_events"),
    (Role.TRANSFORM, "create view staging.new as select * from raw.study_events"),
    (Role.TRANSFORM, "create table intermediate.new as select 1 as number"),
    (Role.TRANSFORM, "create table marts.new as select 1 as number"),
    (Role.TRANSFORM, "create view live.new as select 1 as number"),
    (Role.TRANSFORM, "create table marts.new (); alter table marts.new rename to old"),
    (Role.TRANSFORM, "drop table marts.here cascade"),
    (Role.TRANSFORM, "create temporary table passing as select 1 as number"),
    (Role.TRANSFORM, f"{INSERT_CHECK} returning check_id"),
    (Role.TRANSFORM, "select * from quality.check_results"),
    (Role.TRANSFORM, f"{INSERT_LOAD}; update ops.loads set state = 'done', finished_at = now()"),
    (Role.TRANSFORM, "update ops.model_states set step = 1"),
    (Role.TRANSFORM, "delete from ops.model_states"),
    (Role.TRANSFORM, "select nextval('ops.steps')"),
    (Role.TRANSFORM, "create table changes.new (step bigint)"),
    (Role.TRANSFORM, "select system_identifier from pg_control_system()"),
    (Role.AUDIT, "select * from ops.loads, ops.model_states"),
    (Role.BI, "select * from marts.here"),
    (Role.BI, "select * from marts.seen"),
    (Role.BI, "select * from live.here"),
    (Role.DAGSTER, "create table dagster.new as select 1 as number"),
    (Role.DAGSTER, "update ops.alerts set failure = 'none'"),
    (Role.AUDIT, "select * from ops.alembic_version"),
    (Role.AUDIT, "select * from ops.here"),
    (Role.AUDIT, "select * from audit.here"),
]

FORBIDDEN = [
    *[
        (Role.INGEST, act.format(table))
        for table in ("raw.study_events", "raw.failed_events", PARTITION)
        for act in (
            "update {} set received_at = now()",
            "delete from {}",
            "truncate {}",
            "drop table {}",
            "alter table {} add column more text",
            "create trigger more before insert on {} execute function suppress()",
        )
    ],
    # who writes a partition directly escapes what is asked of the parent
    (Role.INGEST, INSERT_EVENT.replace("raw.study_events", PARTITION)),
    (Role.INGEST, f"select * from {PARTITION}"),
    # a row of another transaction's number could be hidden from the change feed
    (
        Role.INGEST,
        INSERT_EVENT.replace("properties)", "properties, ingest_xid)").replace(
            "'{}')", "'{}', '3')"
        ),
    ),
    (
        Role.INGEST,
        f"{INSERT_EVENT} on conflict (event_id) do update set event_type = excluded.event_type",
    ),
    (Role.INGEST, "create table raw.more (number integer)"),
    (Role.INGEST, "alter table raw.study_events detach partition " + PARTITION),
    (Role.INGEST, "select * from marts.here"),
    (Role.INGEST, "select * from audit.here"),
    (Role.INGEST, INSERT_CHECK),
    *[
        (role, statement)
        for role in (Role.TRANSFORM, Role.BI, Role.AUDIT)
        for statement in (
            INSERT_EVENT,
            INSERT_FAILED,
            "delete from raw.study_events",
            "update raw.study_events set properties = '{}'",
            "truncate raw.study_events",
            f"select * from {PARTITION}",
            f"truncate {PARTITION}",
            "update ops.alembic_version set version_num = 'none'",
            "create table ops.more (number integer)",
            "create table audit.more (number integer)",
            "create table public.more (number integer)",
            "create schema more",
        )
    ],
    *[
        (role, statement)
        for role in (Role.INGEST, Role.BI)
        for statement in (
            "select * from changes.here",
            "select * from ops.loads",
            "select * from ops.model_states",
            "select nextval('ops.steps')",
        )
    ],
    (Role.AUDIT, "select * from changes.here"),
    (Role.AUDIT, "update ops.loads set state = 'failed'"),
    (Role.TRANSFORM, "delete from ops.loads"),
    (Role.TRANSFORM, "delete from quality.check_results"),
    (Role.TRANSFORM, "update quality.check_results set success = true"),
    (Role.TRANSFORM, "select * from audit.here"),
    *[
        (Role.BI, statement)
        for statement in (
            "select * from raw.study_events",
            "select count(*) from raw.failed_events",
            "select * from staging.here",
            "select * from intermediate.here",
            "select * from audit.here",
            "select * from quality.check_results",
            "insert into marts.here values (2)",
            "update marts.here set number = 2",
            "delete from marts.here",
            "truncate marts.here",
            "drop table marts.here",
            "create table marts.more (number integer)",
            "create view live.more as select 1",
        )
    ],
    *[
        (Role.DAGSTER, statement)
        for statement in (
            "select * from raw.study_events",
            "select * from raw.failed_events",
            "select * from raw.landings",
            "select * from marts.here",
            "select * from live.here",
            "select * from quality.check_results",
            "select * from audit.here",
            "select * from ops.loads",
            "delete from ops.alerts",
            "create table public.more (number integer)",
            "create schema more",
        )
    ],
    *[
        (role, "create table dagster.more (number integer)")
        for role in (Role.INGEST, Role.TRANSFORM, Role.BI, Role.AUDIT)
    ],
    *[
        (Role.AUDIT, statement)
        for statement in (
            "select * from raw.study_events",
            "select * from marts.here",
            "select * from live.here",
            "insert into audit.here values (2)",
            "delete from audit.here",
            "truncate audit.here",
        )
    ],
]


@pytest.fixture(scope="module")
def furnished_url(shared_database_url: str) -> str:
    """A database in which every schema holds something that was made after the grants."""
    with psycopg.connect(shared_database_url) as connection:
        for schema in ("ops", "audit"):
            connection.execute(f"create table {schema}.here as select 1 as number".encode())
        connection.execute(
            "create function public.gen_id() returns uuid language sql as"
            f" $$ select '{EVENT_ID}'::uuid $$".encode()
        )
    with connect_as(shared_database_url, Role.TRANSFORM) as connection:
        for schema in ("staging", "intermediate", "marts", "changes"):
            connection.execute(f"create table {schema}.here as select 1 as number".encode())
        connection.execute("create view marts.seen as select * from marts.here")
        # what dbt does: made under another name, then renamed
        connection.execute("create view live.here__dbt_tmp as select * from intermediate.here")
        connection.execute("alter view live.here__dbt_tmp rename to here")
        connection.commit()
    return shared_database_url


@contextmanager
def connect_as(url: str, role: Role) -> Iterator[psycopg.Connection]:
    """A session of a role whose work is taken back unless it commits."""
    connection = psycopg.connect(role_url(url, role, application_name="test"))
    try:
        yield connection
    finally:
        connection.close()


@pytest.mark.parametrize(("role", "statement"), PERMITTED)
def test_role_may(furnished_url: str, role: Role, statement: str) -> None:
    with connect_as(furnished_url, role) as connection:
        connection.execute(statement.encode())


@pytest.mark.parametrize(("role", "statement"), FORBIDDEN)
def test_role_may_not(furnished_url: str, role: Role, statement: str) -> None:
    with (
        connect_as(furnished_url, role) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


@pytest.mark.parametrize("role", list(Role))
def test_role_has_no_rights_beyond_its_grants(furnished_url: str, role: Role) -> None:
    with psycopg.connect(furnished_url) as connection:
        row = connection.execute(
            "select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication, rolcanlogin"
            " from pg_roles where rolname = %s",
            [role],
        ).fetchone()
        assert row == (False, False, False, False, False, True)
        member_of = connection.execute(
            "select 1 from pg_auth_members where member = %s::regrole", [str(role)]
        ).fetchall()
        assert member_of == []


def test_roles_of_the_embedded_server_let_nobody_in_yet(server_of_its_own: str) -> None:
    migrate(server_of_its_own)
    parts = urlsplit(server_of_its_own)
    for role in Role:
        url = urlunsplit(parts._replace(netloc=f"{role}:guess@{parts.hostname}:{parts.port}"))
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url)


def test_bi_login_reads_marts_and_cannot_become_another(
    furnished_url: str, server_url: str
) -> None:
    reader = f"reader_{uuid4().hex}"
    parts = urlsplit(furnished_url)
    url = urlunsplit(parts._replace(netloc=f"{reader}:reader@{parts.hostname}:{parts.port}"))
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("create role {} login password 'reader' in role study_bi").format(
                sql.Identifier(reader)
            )
        )
        try:
            with psycopg.connect(url, autocommit=True) as session:
                assert session.execute("select number from marts.here").fetchone() == (1,)
                for statement in (
                    "select * from raw.study_events",
                    "set role study_ingest",
                    "set role study_transform",
                ):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        session.execute(statement.encode())
        finally:
            admin.execute(sql.SQL("drop role {}").format(sql.Identifier(reader)))
