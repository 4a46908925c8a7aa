"""Whoever may write the database can tamper with the chain; it is found, and where."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ingestion.audit.verifying import Verified, verify, write_anchor

ENTRIES = """
select audit.append(jsonb_agg(jsonb_build_object(
    'source', 'statement', 'occurred_at', now(), 'login', 'ana "é" ' || chr(10) || number,
    'action', 'select ' || number, 'tables', case when number % 2 = 0 then array['marts.a'] end,
    'learners', array['learner:' || number], 'row_count', number, 'place', number
) order by number)) from generate_series(1, 10) as number
"""


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection]:
    """The session of one who can do everything, on a chain of ten rows."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(ENTRIES)
        connection.execute("alter table audit.data_access disable trigger all")
        yield connection


def told(verified: Verified) -> list[tuple[int, str]]:
    return [(fault.access_id, fault.text.partition(":")[0]) for fault in verified.faults]


def test_chain_as_it_was_written_has_no_fault(owner: psycopg.Connection) -> None:
    verified = verify(owner)
    assert (verified.rows, verified.faults) == (10, [])


@pytest.mark.parametrize(
    "change",
    [
        "login = 'bob'",
        "action = 'select 5 '",
        "occurred_at = occurred_at + interval '1 microsecond'",
        "recorded_at = recorded_at - interval '1 second'",
        "tables = array['marts.a']",
        "learners = '{}'",
        "row_count = null",
        "message = ''",
        "place = '6'",
        "address = '127.0.0.0'",
        "role = 'study_bi'",
    ],
)
def test_changed_row_is_named(owner: psycopg.Connection, change: str) -> None:
    owner.execute(f"update audit.data_access set {change} where access_id = 5".encode())
    assert told(verify(owner)) == [(5, "was changed")]


def test_row_changed_with_its_digest_does_not_fit_the_next(owner: psycopg.Connection) -> None:
    """As one does who knows how digests are made."""
    owner.execute(
        "update audit.data_access set login = 'bob', digest = sha256('forged') where access_id = 5"
    )
    assert (6, "does not follow the row before it") in told(verify(owner))


def test_removed_rows_are_named(owner: psycopg.Connection) -> None:
    owner.execute("delete from audit.data_access where access_id in (4, 8, 9)")
    assert told(verify(owner)) == [(4, "is missing (4)"), (8, "is missing (8 to 9)")]


def test_rows_that_changed_places_are_named(owner: psycopg.Connection) -> None:
    owner.execute("update audit.data_access set access_id = -3 where access_id = 3")
    owner.execute("update audit.data_access set access_id = 3 where access_id = 7")
    owner.execute("update audit.data_access set access_id = 7 where access_id = -3")
    faults = told(verify(owner))
    assert {3, 4, 7, 8} == {number for number, _ in faults}
    assert (3, "was changed") in faults
    assert (7, "was changed") in faults


def test_row_put_between_is_named(owner: psycopg.Connection) -> None:
    owner.execute("update audit.data_access set access_id = access_id + 100 where access_id > 5")
    owner.execute("update audit.data_access set access_id = access_id - 99 where access_id > 5")
    owner.execute(
        "insert into audit.data_access (access_id, recorded_at, source, occurred_at, login, action,"
        " learners, place, previous, digest)"
        " select 6, recorded_at, source, occurred_at, 'bob', action, learners, place, digest,"
        " sha256('forged') from audit.data_access where access_id = 5"
    )
    faults = told(verify(owner))
    assert (6, "was changed") in faults
    assert (7, "does not follow the row before it") in faults


def test_end_cut_off_is_found_by_what_was_noted_outside(
    owner: psycopg.Connection, tmp_path: Path
) -> None:
    anchors = tmp_path / "anchors.jsonl"
    assert write_anchor(owner, anchors)
    assert write_anchor(owner, anchors) is None
    owner.execute("delete from audit.data_access where access_id > 8")
    assert verify(owner).faults == []
    assert told(verify(owner, anchors)) == [(10, "was noted down and is not there any more")]


def test_whole_chain_written_anew_is_found_by_what_was_noted_outside(
    owner: psycopg.Connection, tmp_path: Path
) -> None:
    anchors = tmp_path / "anchors.jsonl"
    write_anchor(owner, anchors)
    owner.execute("truncate audit.data_access")
    owner.execute(ENTRIES.replace("'select '", "'nothing '"))
    assert verify(owner).faults == []
    assert told(verify(owner, anchors)) == [(10, "has another digest than was noted down")]
