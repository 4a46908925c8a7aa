"""The disk of the database full under load, or of its log: it may fall, not forget or double."""

import asyncio
import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psycopg

from ingestion.store.server import EmbeddedServer
from tests.faults.conftest import Record
from tests.faults.disk import fill, free, small_disk
from tests.faults.ledger import Ledger
from tests.faults.rig import Rig, open_rig
from tests.faults.scale import Scale, scales
from tests.faults.senders import Moment
from tests.faults.trial import endure

_DISK_MEBIBYTES = 700
_LOG_DISK_MEBIBYTES = 200
_REFUSALS = 8
_SEGMENTS_AHEAD = 10
# A log kept short: else its old segments, used again, would outlast any lack of room.
_SHORT_LOG = {"max_wal_size": "64MB", "min_wal_size": "32MB", "wal_recycle": "off"}


@scales(small=None, full=Scale(events=60_000, faults=5))
def test_full_disk_loses_and_doubles_nothing(
    tmp_path: Path, bin_dir: Path | None, record: Record, scale: Scale
) -> None:
    with (
        small_disk(tmp_path / "disk", mebibytes=_DISK_MEBIBYTES) as disk,
        open_rig(disk, bin_dir, service_home=tmp_path / "service", settings=_SHORT_LOG) as rig,
    ):
        record(endure_full_disk(rig, disk, scale))


@scales(small=None, full=Scale(events=60_000, faults=5))
def test_full_disk_of_the_log_loses_and_doubles_nothing(
    tmp_path: Path, bin_dir: Path | None, record: Record, scale: Scale
) -> None:
    with small_disk(tmp_path / "disk", mebibytes=_LOG_DISK_MEBIBYTES) as disk:
        move_log(tmp_path / "home" / "server", disk, bin_dir)
        with open_rig(tmp_path / "home", bin_dir, settings=_SHORT_LOG) as rig:
            counts = endure_full_disk(rig, disk, scale)
            fallen = rig.count_recoveries()
        # a server that cannot write its log ends: what it acknowledged must outlive it
        assert fallen >= scale.faults
        record(counts + Counter({"recoveries": fallen}))


def endure_full_disk(rig: Rig, disk: Path, scale: Scale) -> Counter[str]:
    """Fill the disk under load until senders are told, again and again."""
    ledger = Ledger()

    def fill_up() -> None:
        fill(disk)
        use_up_log(rig.url)

    async def strike(moment: Moment) -> None:
        try:
            await asyncio.to_thread(fill_up)
            await moment.release()
            await ledger.until_told_to_wait(_REFUSALS)
        finally:
            free(disk)
        await asyncio.to_thread(rig.revive_database)

    return endure(rig, scale.events, strike, faults=scale.faults, ledger=ledger)


def use_up_log(url: str) -> None:
    """Go on to the log's next file until there is none left, or there are enough.

    Load alone would do it too, some thousands of events later.
    """
    with suppress(psycopg.OperationalError), psycopg.connect(url, autocommit=True) as connection:
        for _ in range(_SEGMENTS_AHEAD):
            connection.execute("select pg_logical_emit_message(true, 'test', 'test')")
            connection.execute("select pg_switch_wal()")


def move_log(home: Path, disk: Path, bin_dir: Path | None) -> None:
    """Make a server whose write-ahead log lies on another disk."""
    server = EmbeddedServer(home, port=0, bin_dir=bin_dir)
    with server.lease():
        pass
    data = server.status().data
    owner = data.stat()
    shutil.copytree(data / "pg_wal", disk / "pg_wal")
    for path in (disk / "pg_wal", *(disk / "pg_wal").rglob("*")):
        shutil.chown(path, owner.st_uid, owner.st_gid)
    shutil.rmtree(data / "pg_wal")
    (data / "pg_wal").symlink_to(disk / "pg_wal")
