import base64
import os
from pathlib import Path
from uuid import UUID

import psycopg
import pyarrow.parquet as pq
import pytest

from ingestion.landing.books import take_out
from ingestion.store.archive.encryption import read_keys
from ingestion.store.archive.errors import ArchiveError
from ingestion.store.archive.leaving import leave
from ingestion.store.archive.manifest import find_archive, list_files
from ingestion.store.archive.restoring import restore_month
from ingestion.store.archive.rewriting import list_archived, rewrite
from ingestion.store.archive.target import Target, open_target
from tests.ingestion.store.archive.conftest import LEARNERS, MONTH


def read_learners(target: Target, paths: list[str]) -> set[bytes]:
    return {user for path in paths for user in target.read(path)[0]["user_id"].to_pylist()}


def test_learner_is_taken_out_and_nobody_else(
    month_url: str, owner: psycopg.Connection, target: Target
) -> None:
    leave(owner, month_url, target, MONTH)
    assert list_archived(owner) == [MONTH]
    gone = LEARNERS[3]
    done = rewrite(owner, target, MONTH, drop=gone, unbook=take_out)
    assert done is not None
    assert done.removed == 5
    assert done.hash_before != done.hash_after
    listed = target.list("study_events/v1/2024-02")
    assert read_learners(target, listed) == {each.bytes for each in LEARNERS if each != gone}
    archive = find_archive(owner, MONTH)
    assert archive is not None
    assert (archive.row_count, archive.erased_count) == (195, 5)
    restore_month(owner, target, MONTH)
    assert owner.execute(
        "select count(*), count(*) filter (where user_id = %s), (select sum(accepted) from"
        " raw.landings) from raw.study_events",
        [gone],
    ).fetchone() == (196, 0, 196)


def test_second_time_and_strangers_change_nothing(
    month_url: str, owner: psycopg.Connection, target: Target
) -> None:
    leave(owner, month_url, target, MONTH)
    rewrite(owner, target, MONTH, drop=LEARNERS[3], unbook=take_out)
    files = list_files(owner, MONTH)
    for learner in (LEARNERS[3], UUID(int=7)):
        done = rewrite(owner, target, MONTH, drop=learner, unbook=take_out)
        assert done is not None
        assert done.removed == 0
    assert list_files(owner, MONTH) == files


def test_month_that_is_not_archived_has_nothing_to_take_out(
    owner: psycopg.Connection, target: Target
) -> None:
    assert rewrite(owner, target, MONTH, drop=LEARNERS[0], unbook=take_out) is None


def test_encrypted_files_need_the_key(
    month_url: str, owner: psycopg.Connection, tmp_path: Path
) -> None:
    first, second = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    folder = str(tmp_path / "sealed")
    sealed = open_target(folder, cipher=read_keys(f"old:{first}"))
    leave(owner, month_url, sealed, MONTH)
    paths = [Path(folder) / file.path for file in list_files(owner, MONTH)]
    assert not any(b"energy" in path.read_bytes() for path in paths)
    with pytest.raises(OSError, match="encrypt"):
        pq.read_table(paths[0])
    for cipher in (None, read_keys(f"old:{second}"), read_keys(f"new:{second}")):
        with pytest.raises(ArchiveError):
            restore_month(owner, open_target(folder, cipher=cipher), MONTH)
    # a key is changed by putting another before it
    both = open_target(folder, cipher=read_keys(f"new:{second},old:{first}"))
    assert restore_month(owner, both, MONTH).row_count == 200


@pytest.mark.parametrize("text", ["", "name", "name:", "name:c2hvcnQ=", ":" + "A" * 43 + "="])
def test_key_that_is_none_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ArchiveError, match="32 bytes in base64") as caught:
        read_keys(text)
    assert "c2hvcnQ" not in str(caught.value)
