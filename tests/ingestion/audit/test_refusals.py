"""What the BI role must not run: each is refused, and each is on record."""

import psycopg
import pytest

from ingestion.store.database import Role
from tests.ingestion.audit.conftest import Login, collected, login_name

FORBIDDEN = (
    # the log of events, its dead letters and books
    "select * from raw.study_events",
    "select count(*) from raw.failed_events",
    "select * from raw.landings",
    "select * from raw.replays",
    "table raw.study_events",
    "insert into raw.study_events default values",
    "update raw.study_events set user_id = gen_random_uuid()",
    "delete from raw.study_events",
    "truncate raw.study_events",
    "copy raw.study_events to stdout",
    "do $$ begin lock table raw.study_events; end $$",
    "explain analyze select * from raw.study_events",
    "declare stolen cursor with hold for select * from raw.study_events",
    "prepare stolen as select * from raw.study_events",
    "do $$ begin perform 1 from raw.study_events; end $$",
    "with stolen as (select * from raw.study_events) select * from stolen",
    "merge into raw.study_events using marts.here on false when matched then delete",
    # the audit itself
    "select * from audit.data_access",
    "select * from audit.requests",
    "select audit.append('[]')",
    "select audit.collect_requests(1)",
    "delete from audit.data_access",
    "truncate audit.data_access",
    "drop table audit.data_access",
    # the other schemas
    "select * from staging.stg_study_events",
    "select * from intermediate.int_learners",
    "select * from ops.loads",
    "select * from ops.write_keys",
    "select * from ops.forgotten",
    "select * from ops.erased_events",
    "select * from quality.check_results",
    "select * from content.items",
    "select * from access.cohort_learners",
    "select * from changes.daily_user_stats",
    # the marts are read, not written
    "insert into marts.here values (gen_random_uuid(), 2)",
    "update marts.here set number = 2",
    "delete from marts.here",
    "drop table marts.here",
    "create table marts.more (number integer)",
    "create table public.more (number integer)",
    "create schema more",
    "create function marts.more() returns integer language sql as 'select 1'",
    # other roles, and the machine below
    "set role study_transform",
    "set role study_ingest",
    "set session authorization study_audit",
    "alter role study_bi superuser",
    "create role more",
    "copy marts.here to program 'cat'",
    "copy marts.here from '/etc/passwd'",
    "select pg_read_file('/etc/passwd')",
    "select * from pg_authid",
    "select lo_import('/etc/passwd')",
    "select pg_reload_conf()",
    "select * from pg_ls_logdir()",
    "set log_statement = 'none'",
    "alter system set log_statement = 'none'",
    "alter role current_user set log_statement = 'none'",
    "load 'auto_explain'",
    "create publication more for all tables",
)


@pytest.fixture
def tempting_url(furnished_url: str) -> str:
    """A database in which each of them would find what it names."""
    with psycopg.connect(furnished_url, autocommit=True) as connection:
        connection.execute("set role study_transform")
        connection.execute("create view staging.stg_study_events as select 1 as number")
        connection.execute("create table intermediate.int_learners (number integer)")
        connection.execute("create table changes.daily_user_stats (step bigint)")
    return furnished_url


def test_bi_role_is_refused_each_and_each_is_on_record(
    tempting_url: str, make_login: Login
) -> None:
    assert len(FORBIDDEN) >= 50
    url = make_login(Role.BI)
    with psycopg.connect(url, autocommit=True) as reader:
        for statement in FORBIDDEN:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(statement.encode())
    chain = [entry for entry in collected(tempting_url) if entry["login"] == login_name(url)]
    refused = {entry["action"]: entry for entry in chain if entry["source"] == "refused"}
    begun = {entry["action"] for entry in chain if entry["source"] == "statement"}
    assert set(FORBIDDEN) == refused.keys() == begun
    assert {entry["sqlstate"] for entry in refused.values()} == {"42501"}
    named = [entry["tables"] for action, entry in refused.items() if "raw.study_events" in action]
    assert all("raw.study_events" in tables for tables in named)
