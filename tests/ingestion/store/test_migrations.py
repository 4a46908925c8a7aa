import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from ingestion.store.database import Role, role_url
from ingestion.store.errors import StoreError
from ingestion.store.migrations import migrate
from ingestion.store.partitions import month_bounds, open_months
from ingestion.store.revisions import list_revisions, pending
from ingestion.store.upgrade import make_config
from tests.conftest import REPOSITORY, make_database

TODAY = date(2026, 3, 31)

# every table, index, right and default right of the house, and the transaction that wrote it
_STATE = """
    select 'relation', oid::regclass::text, xmin::text, relacl::text from pg_class
    where relnamespace::regnamespace::text !~ '^pg_|information_schema'
    union all
    select 'schema', nspname, xmin::text, nspacl::text from pg_namespace where nspname !~ '^pg_'
    union all
    select 'default', defaclnamespace::regnamespace::text, xmin::text, defaclacl::text
    from pg_default_acl
    union all
    select 'version', version_num, xmin::text, null from ops.alembic_version
    order by 1, 2
"""


def read_state(url: str) -> list[tuple[str, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(_STATE).fetchall()


def test_migrations_bring_an_empty_database_up_to_date(empty_database_url: str) -> None:
    waiting = pending(empty_database_url)
    assert waiting == [
        "0001_roles",
        "0002_raw",
        "0003_quality",
        "0004_grants",
        "0005_loads",
        "0006_landings",
        "0007_replays",
        "0008_write_keys",
        "0009_views",
        "0010_activity",
        "0011_mastery",
        "0012_operation",
        "0013_check_history",
        "0014_archive",
        "0015_audit",
    ]
    migrate(empty_database_url)
    assert pending(empty_database_url) == []


def test_second_migration_changes_nothing(database_url: str) -> None:
    before = read_state(database_url)
    migrate(database_url)
    assert read_state(database_url) == before


def test_partitions_reach_two_years_back_and_three_months_ahead(empty_database_url: str) -> None:
    migrate(empty_database_url, today=TODAY)
    with psycopg.connect(empty_database_url) as connection:
        made = open_months(connection)
    assert len(made) == 28
    assert made[0] == month_bounds(date(2024, 3, 1))
    assert made[-1] == month_bounds(date(2026, 6, 1))


def test_revisions_told_by_the_files_are_alembics_chain() -> None:
    chain = ScriptDirectory.from_config(make_config()).walk_revisions()
    assert list_revisions() == tuple(revision.revision for revision in chain)[::-1]


def test_later_migration_adds_the_months_since(empty_database_url: str) -> None:
    migrate(empty_database_url, today=TODAY)
    migrate(empty_database_url, today=date(2026, 5, 1))
    with psycopg.connect(empty_database_url) as connection:
        made = open_months(connection)
    assert len(made) == 30
    assert made[-1] == month_bounds(date(2026, 8, 1))


def test_migrations_at_once_do_the_work_once(empty_database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, [empty_database_url] * 4))
    assert pending(empty_database_url) == []


def test_databases_of_a_new_server_may_be_migrated_at_once(server_of_its_own: str) -> None:
    with ExitStack() as stack:
        urls = [stack.enter_context(make_database(server_of_its_own)) for _ in range(4)]
        script = "import sys; from ingestion.store.migrations import migrate; migrate(sys.argv[1])"
        running = [
            subprocess.Popen([sys.executable, "-c", script, url], cwd=REPOSITORY) for url in urls
        ]
        assert [process.wait(120) for process in running] == [0] * 4
        assert [pending(url) for url in urls] == [[]] * 4


def test_threads_may_migrate_other_databases_at_once(server_url: str) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        urls = [stack.enter_context(make_database(server_url)) for _ in range(4)]
        list(pool.map(migrate, urls))
        assert [pending(url) for url in urls] == [[]] * 4


def test_failed_migration_leaves_the_database_as_it_was(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("create schema marts")
    with pytest.raises(StoreError, match='is as it was: schema "marts" already exists') as raised:
        migrate(empty_database_url)
    assert "\n" not in str(raised.value)
    with psycopg.connect(empty_database_url) as connection:
        left = connection.execute("select to_regnamespace('raw'), to_regnamespace('ops')")
        assert left.fetchone() == (None, None)


def test_owner_need_not_be_superuser(server_of_its_own: str) -> None:
    with psycopg.connect(server_of_its_own, autocommit=True) as connection:
        connection.execute("create role landlord login createrole password 'landlord'")
        connection.execute("create database house owner landlord")
    parts = urlsplit(server_of_its_own)
    url = urlunsplit(
        parts._replace(netloc=f"landlord:landlord@{parts.hostname}:{parts.port}", path="/house")
    )
    migrate(url)
    migrate(url, today=TODAY)
    assert pending(url) == []
    for role in Role:
        with psycopg.connect(role_url(url, role, application_name="test")) as session:
            assert session.execute("select current_user").fetchone() == (role,)


def test_login_that_may_not_migrate_is_told_so(
    empty_database_url: str, template_database: str
) -> None:
    assert template_database  # its making has made the roles
    url = role_url(empty_database_url, Role.BI, application_name="test")
    with pytest.raises(StoreError, match=r"permission denied.*must own the database"):
        migrate(url)


def test_role_that_may_not_ask_what_is_pending_is_told_so(shared_database_url: str) -> None:
    with pytest.raises(StoreError, match="permission denied for schema ops"):
        pending(role_url(shared_database_url, Role.BI, application_name="test"))


@pytest.mark.parametrize("role", [Role.INGEST, Role.TRANSFORM, Role.AUDIT])
def test_services_may_ask_what_is_pending(shared_database_url: str, role: Role) -> None:
    assert pending(role_url(shared_database_url, role, application_name="test")) == []


def test_database_of_a_newer_project_is_an_error(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("update ops.alembic_version set version_num = '9999_future'")
    with pytest.raises(StoreError, match="9999_future, which this version"):
        pending(database_url)
    with pytest.raises(StoreError, match="9999_future, which this version"):
        migrate(database_url)


def test_migration_is_not_taken_back(database_url: str) -> None:
    engine = sa.create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(database_url),
        poolclass=sa.NullPool,
    )
    config = make_config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        with pytest.raises(StoreError, match="not taken back"):
            command.downgrade(config, "-1")
    assert pending(database_url) == []
