"""What BI and audit logins do in the database is on record: once, in order, whatever happens."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from ingestion.audit.collecting import collect
from ingestion.audit.verifying import verify
from ingestion.store.database import Role, role_url
from tests.ingestion.audit.conftest import (
    PSEUDONYMS,
    Login,
    collected,
    login_name,
    read_chain,
)


def test_statement_is_on_record_with_who_when_where_and_what(
    furnished_url: str, make_login: Login
) -> None:
    learner = uuid4()
    url = make_login()
    with psycopg.connect(url, application_name="metabase") as reader:
        before = reader.execute("select clock_timestamp()").fetchone()
        reader.execute("select number from marts.here where user_id = %s", (learner,))
    assert before
    entry = collected(furnished_url)[-2]
    assert entry["login"] == login_name(url)
    assert entry["role"] == Role.BI
    assert entry["source"] == "statement"
    assert entry["address"] == "127.0.0.0"
    assert entry["application"] == "metabase"
    assert entry["tables"] == ["marts.here"]
    assert entry["learners"] == [PSEUDONYMS.name(learner)]
    assert "select number from marts.here where user_id" in entry["action"]
    assert str(learner) not in str(entry)
    assert abs((entry["occurred_at"] - before[0]).total_seconds()) < 60


@pytest.mark.parametrize("chunk_bytes", [300, 8 * 1024 * 1024])
def test_collecting_again_adds_only_what_came_since(
    furnished_url: str, make_login: Login, chunk_bytes: int
) -> None:
    url = make_login()
    with psycopg.connect(url, autocommit=True) as reader:
        reader.execute("select 1 as first_of_all")
        collect(furnished_url, PSEUDONYMS, chunk_bytes=8 * 1024 * 1024)
        assert collect(furnished_url, PSEUDONYMS).statements == 0
        for number in range(5):
            reader.execute(f"select {number} as again".encode())
        told = collect(furnished_url, PSEUDONYMS, chunk_bytes=chunk_bytes)
    assert told.statements == 5
    actions = [entry["action"] for entry in read_chain(furnished_url)]
    assert [action for action in actions if action.endswith("again")] == [
        f"select {number} as again" for number in range(5)
    ]


def test_collectors_at_once_record_each_statement_once(
    furnished_url: str, make_login: Login
) -> None:
    with psycopg.connect(make_login(), autocommit=True) as reader:
        for number in range(20):
            reader.execute(f"select {number} as number".encode())
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: collect(furnished_url, PSEUDONYMS), range(3)))
    numbers = [
        entry["action"] for entry in collected(furnished_url) if entry["action"].endswith("number")
    ]
    assert sorted(numbers) == sorted(f"select {number} as number" for number in range(20))
    with psycopg.connect(furnished_url) as connection:
        assert verify(connection).faults == []


def test_reader_of_the_audit_is_on_record_too(furnished_url: str, make_login: Login) -> None:
    url = make_login(Role.AUDIT)
    with psycopg.connect(url, autocommit=True) as auditor:
        auditor.execute("select count(*) from audit.data_access")
    entry = next(entry for entry in collected(furnished_url) if entry["tables"])
    assert (entry["login"], entry["role"]) == (login_name(url), Role.AUDIT)
    assert entry["tables"] == ["audit.data_access"]


def test_services_of_the_house_are_not_logged(furnished_url: str) -> None:
    """A statement of ingestion that were logged would be a cost on every batch."""
    for role in (Role.INGEST, Role.TRANSFORM):
        with psycopg.connect(role_url(furnished_url, role, application_name="test")) as session:
            assert session.execute("show log_statement").fetchone() == ("none",)
            session.execute("select count(*) from raw.study_events")
    assert collected(furnished_url) == []


def test_secrets_in_a_statement_are_masked(furnished_url: str, make_login: Login) -> None:
    url = make_login()
    with psycopg.connect(url, autocommit=True) as reader:
        reader.execute(f"alter role {login_name(url)} password 'hunter2'".encode())
    assert "hunter2" not in str(collected(furnished_url))
    assert "password '***'" in read_chain(furnished_url)[-1]["action"]


def test_failed_login_is_on_record(furnished_url: str, make_login: Login) -> None:
    url = make_login()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(":reader@", ":guess@"))
    entry = collected(furnished_url)[-1]
    assert (entry["source"], entry["sqlstate"]) == ("refused", "28P01")
    assert entry["login"] == login_name(url)


@pytest.mark.parametrize("role", [*Role])
@pytest.mark.parametrize(
    "statement",
    [
        "update audit.data_access set login = 'nobody'",
        "delete from audit.data_access",
        "truncate audit.data_access",
        "insert into audit.data_access select * from audit.data_access",
        "delete from audit.requests",
        "alter table audit.data_access disable trigger all",
    ],
)
def test_no_role_may_alter_the_audit(shared_database_url: str, role: Role, statement: str) -> None:
    with (
        psycopg.connect(role_url(shared_database_url, role, application_name="test")) as session,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        session.execute(statement.encode())


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.COLLECTOR])
def test_only_the_collector_may_append(shared_database_url: str, role: Role) -> None:
    with (
        psycopg.connect(role_url(shared_database_url, role, application_name="test")) as session,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        session.execute("select audit.append('[]')")


def test_even_the_owner_is_refused_by_mistake(database_url: str) -> None:
    with (
        psycopg.connect(database_url) as owner,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="only grows"),
    ):
        owner.execute("delete from audit.data_access")
