import psycopg
import pytest
from psycopg import sql

from ingestion.store.archive.columns import COLUMNS, fingerprint_table
from ingestion.store.archive.errors import ArchiveError
from ingestion.store.archive.leaving import close_month, leave
from ingestion.store.archive.manifest import State, find_archive, list_files
from ingestion.store.archive.restoring import restore_month
from ingestion.store.archive.target import Target
from ingestion.store.partitions import make_months, open_months
from tests.ingestion.store.archive.conftest import MONTH, land_all, make_event

TABLE = sql.Identifier("raw", "study_events_2024_02")


def read_month(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    query = "select * from raw.study_events where occurred_at < '2024-03-01' order by event_id"
    return connection.execute(query).fetchall()


def count_log(connection: psycopg.Connection) -> int:
    ((count,),) = connection.execute("select count(*) from raw.study_events").fetchall()
    return int(count)


def test_columns_of_files_are_those_of_the_log(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "select attname from pg_attribute where attrelid = 'raw.study_events'::regclass"
        " and attnum > 0 and not attisdropped"
    ).fetchall()
    assert {name for (name,) in rows} == set(COLUMNS)


def test_month_leaves_and_comes_back_event_for_event(
    month_url: str, owner: psycopg.Connection, target: Target
) -> None:
    before, whole = read_month(owner), fingerprint_table(owner, TABLE)
    archive = leave(owner, month_url, target, MONTH)
    assert (archive.state, archive.fingerprint) == (State.ARCHIVED, whole)
    assert read_month(owner) == []
    assert count_log(owner) == 1
    assert sum(file.row_count for file in list_files(owner, MONTH)) == 200
    assert owner.execute("select to_regclass('raw.study_events_2024_02')").fetchone() == (None,)
    restored = restore_month(owner, target, MONTH)
    assert restored.state == State.RESTORED
    assert read_month(owner) == before


def test_late_event_of_an_archived_month_is_refused_by_name(
    month_url: str, owner: psycopg.Connection, target: Target
) -> None:
    leave(owner, month_url, target, MONTH)
    (result,) = land_all(month_url, [make_event(500)]).results
    assert result.why is not None
    assert (result.status.value, result.why.code) == ("rejected", "month_archived")
    restore_month(owner, target, MONTH)
    (again,) = land_all(month_url, [make_event(500)]).results
    assert again.why is not None
    assert again.why.code == "month_archived"
    codes = owner.execute("select code, payload ->> 'event_id' from raw.failed_events").fetchall()
    assert codes == [("month_archived", make_event(500)["event_id"])]


def test_reopened_month_takes_what_is_new_and_goes_back_with_it(
    month_url: str, owner: psycopg.Connection, target: Target
) -> None:
    leave(owner, month_url, target, MONTH)
    paths = {file.path for file in list_files(owner, MONTH)}
    assert restore_month(owner, target, MONTH, reopen=True).state == State.REOPENED
    report = land_all(month_url, [make_event(500), make_event(7)])
    assert [result.status.value for result in report.results] == ["accepted", "duplicate"]
    archive = leave(owner, month_url, target, MONTH)
    assert (archive.state, archive.row_count) == (State.ARCHIVED, 201)
    assert paths.isdisjoint(file.path for file in list_files(owner, MONTH))
    restore_month(owner, target, MONTH)
    assert len(read_month(owner)) == 201


def test_closed_month_is_not_made_again_nor_open(
    month_url: str, owner: psycopg.Connection, target: Target
) -> None:
    before = len(open_months(owner))
    leave(owner, month_url, target, MONTH)
    assert make_months(owner, MONTH, MONTH) == []
    assert len(open_months(owner)) == before - 1
    restore_month(owner, target, MONTH)
    assert len(open_months(owner)) == before - 1


def test_nobody_writes_to_a_closed_month(owner: psycopg.Connection) -> None:
    close_month(owner, MONTH, changed=False)
    with pytest.raises(psycopg.errors.CheckViolation, match="is closed"):
        owner.execute(
            "insert into raw.study_events (event_id, event_type, user_id, occurred_at,"
            " received_at) select '018d6640-0000-7000-8000-000000000001', event_type, user_id,"
            " occurred_at, received_at from raw.study_events limit 1"
        )


def test_file_that_changed_in_the_store_keeps_the_month_in_the_log(
    month_url: str, owner: psycopg.Connection, target: Target
) -> None:
    leave(owner, month_url, target, MONTH)
    restore_month(owner, target, MONTH)
    victim = list_files(owner, MONTH)[3].path
    content = target.filesystem.cat_file(f"{target.root}/{victim}")
    target.filesystem.pipe_file(f"{target.root}/{victim}", content[:-9] + b"x" * 9)
    with pytest.raises(ArchiveError):
        leave(owner, month_url, target, MONTH)
    assert len(read_month(owner)) == 200
    archive = find_archive(owner, MONTH)
    assert archive is not None
    assert archive.state == State.CLOSING


def test_rows_changed_by_hand_behind_the_export_are_found(
    month_url: str, owner: psycopg.Connection, target: Target
) -> None:
    leave(owner, month_url, target, MONTH)
    restore_month(owner, target, MONTH)
    owner.execute(
        "update raw.study_events set topic_id = 'other' where event_id in"
        " (select event_id from raw.study_events where occurred_at < '2024-03-01' limit 1)"
    )
    with pytest.raises(ArchiveError, match="nothing was dropped"):
        leave(owner, month_url, target, MONTH)
    assert leave(owner, month_url, target, MONTH).state == State.ARCHIVED


def test_litter_of_a_killed_export_is_swept(
    month_url: str, owner: psycopg.Connection, target: Target
) -> None:
    litter = "study_events/v1/2024-02/bucket-000-dead.parquet"
    leave(owner, month_url, target, MONTH)
    table, _ = target.read(list_files(owner, MONTH)[0].path)
    target.write(litter, table)
    restore_month(owner, target, MONTH)
    leave(owner, month_url, target, MONTH)
    assert litter not in target.list("study_events/v1/2024-02")


def test_empty_month_leaves_and_comes_back(database_url: str, target: Target) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        make_months(owner, MONTH, MONTH)
        assert leave(owner, database_url, target, MONTH).row_count == 0
        assert restore_month(owner, target, MONTH).state == State.RESTORED
