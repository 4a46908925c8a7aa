"""What is told of a statement."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from ingestion.audit.entry import Source
from ingestion.audit.server_log import Reader
from ingestion.audit.statements import read_parameters, tell
from tests.ingestion.audit.conftest import PSEUDONYMS

LEARNER = UUID("7b5de3c9-2ac8-4c0c-8b3d-5b9b5f1b0c11")
SESSION = UUID("0d1f4a3e-94a6-4f2f-8a34-4a1a59f1f0aa")

READER = Reader("study", UTC, {"ana": "study_bi"}, {"study"}, PSEUDONYMS)


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("select * from marts.a join live.b using (user_id)", ("live.b", "marts.a")),
        ("with x as (select 1 from marts.q) select * from x", ("marts.q",)),
        ("explain (analyze, costs off) select * from marts.a", ("marts.a",)),
        ("explain analyze verbose select * from marts.a", ("marts.a",)),
        ("declare c binary cursor with hold for select * from marts.a", ("marts.a",)),
        ("prepare p (int) as select * from marts.a", ("marts.a",)),
        ("copy (select * from marts.a) to program 'x'", ("marts.a",)),
        ("do $$begin perform 1 from marts.a; end$$", ("marts.a",)),
        ('lock table "raw"."study_events"', ("raw.study_events",)),
        ("select 1; select * from marts.a", ("marts.a",)),
        ("select from where", None),
        ("set search_path = marts", None),
        ("select * from study_sessions", ("study_sessions",)),
        ("select version()", ()),
    ],
)
def test_tables_are_told(statement: str, tables: tuple[str, ...] | None) -> None:
    assert tell(statement, {}, PSEUDONYMS).tables == tables


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        (f"select * from marts.a where user_id = '{LEARNER}'", ""),
        (f"select * from marts.a where user_id in ('{LEARNER.hex.upper()}', null)", ""),
        ("select * from marts.a where a.user_id = $1 limit $2", f"$1 = '{LEARNER}', $2 = '5'"),
        ("select * from marts.a where user_id = any($1)", f"$1 = '{{{LEARNER}}}'"),
        (f"delete from marts.a where user_id = '{LEARNER}'::uuid", ""),
    ],
)
def test_learner_is_told_by_a_pseudonym_only(statement: str, parameters: str) -> None:
    told = tell(statement, read_parameters(f"Parameters: {parameters}"), PSEUDONYMS)
    assert told.learners == (PSEUDONYMS.name(LEARNER),)
    assert LEARNER.hex not in told.action.replace("-", "").lower()


def test_other_ids_are_hidden_but_named_as_no_learner() -> None:
    told = tell(f"select * from marts.a where session_id = '{SESSION}'", {}, PSEUDONYMS)
    assert told.learners == ()
    assert str(SESSION) not in told.action


@pytest.mark.parametrize(
    "statement",
    [
        "alter role x password 'hunter2'",
        "alter role x with encrypted password E'hunter2' valid until 'infinity'",
        "create user x PASSWORD $p$hunter2$p$",
        "create user mapping for x server y options (user 'bob', password 'hunter2')",
        "select dblink('host=h password=hunter2 user=x')",
        "create subscription s connection 'postgresql://bob:hunter2@host/db' publication p",
        "select set_config('x', 'y', false), token => 'hunter2'",
    ],
)
def test_secret_is_masked(statement: str) -> None:
    assert "hunter2" not in tell(statement, {}, PSEUDONYMS).action


def line(**fields: object) -> bytes:
    record = {
        "timestamp": "2026-03-01 10:00:00.123 UTC",
        "user": "ana",
        "dbname": "study",
        "session_id": "65e.1",
        "line_num": 4,
        "error_severity": "LOG",
        "message": "statement: select * from marts.a",
        "application_name": "metabase",
        "remote_host": "203.0.113.77",
    }
    return json.dumps(record | fields).encode()


def test_line_is_told() -> None:
    entry = READER.read(line(), "file:0")
    assert entry is not None
    assert entry.occurred_at == datetime(2026, 3, 1, 10, 0, 0, 123000, tzinfo=UTC)
    assert (entry.login, entry.role, entry.address) == ("ana", "study_bi", "203.0.113.0")
    assert (entry.tables, entry.place) == (("marts.a",), "65e.1/4")


def test_execute_of_a_prepared_statement_tells_what_was_prepared() -> None:
    entry = READER.read(
        line(message="statement: execute p(1)", detail="prepare: prepare p as table marts.a"), ""
    )
    assert entry is not None
    assert entry.tables == ("marts.a",)


def test_line_of_pgaudit_is_told_with_its_rows() -> None:
    text = 'AUDIT: SESSION,1,1,READ,SELECT,TABLE,marts.a,"select ""a"", b from marts.a",<none>,12'
    entry = READER.read(line(message=text), "")
    assert entry is not None
    assert (entry.tables, entry.row_count) == (("marts.a",), 12)
    assert entry.action == 'select "a", b from marts.a'


@pytest.mark.parametrize(
    "fields",
    [
        {"dbname": "other"},
        {"message": "checkpoint starting"},
        {"message": "duration: 2.1 ms  statement: select 1"},
        {"user": "study", "error_severity": "ERROR", "message": "duplicate key"},
    ],
)
def test_line_that_tells_of_no_access_is_none(fields: dict[str, object]) -> None:
    assert READER.read(line(**fields), "") is None


def test_person_at_psql_works_as_the_role_told() -> None:
    told = {"user": "study", "application_name": "study-psql:study_audit"}
    entry = READER.read(line(**told, error_severity="ERROR", statement="table raw.x"), "")
    assert entry is not None
    assert (entry.source, entry.role) == (Source.REFUSED, "study_audit")


def test_line_after_half_a_line_is_read_and_garbage_is_told_of() -> None:
    entry = READER.read(b'{"timestamp":"2026-03-01 10:0' + line(), "file:0")
    assert entry is not None
    assert entry.source is Source.STATEMENT
    gap = READER.read(b'{"timestamp":"2026-03-01', "file:0")
    assert gap is not None
    assert (gap.source, gap.place) == (Source.GAP, "file:0")
