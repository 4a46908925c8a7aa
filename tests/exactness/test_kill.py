"""A load whose process is killed while it writes: the next one takes it up, and nothing is lost."""

import subprocess
import sys

import psycopg
import pytest

from tests.conftest import REPOSITORY
from tests.exactness.arrival import Receipts, arriving, make_all_months
from tests.exactness.batches import draw_batch
from tests.exactness.cases import Namespaces
from tests.exactness.comparison import differ, differ_from_oracle
from tests.exactness.conftest import Fresh
from tests.exactness.locks import holding
from tests.exactness.trial import count_missed
from tests.exactness.warehouse import Warehouse

KILLED = -9
PATIENCE_SECONDS = 120


# The first of all tables, one in the middle, and the last of the marts.
@pytest.mark.parametrize(
    "table",
    [
        "daily_user_stats",
        pytest.param("int_events_placed", marks=pytest.mark.exactness),
        pytest.param("user_gamification", marks=pytest.mark.exactness),
    ],
)
def test_load_killed_while_it_writes_is_taken_up(fresh: Fresh, table: str) -> None:
    batch = draw_batch(9, size=21, waves=10)
    namespaces = Namespaces(batch.cases)
    events = [event for events in namespaces.events for event in events]
    as_of = batch.schedule[-1].as_of
    third = len(events) // 3
    with fresh() as warehouse:
        make_all_months(warehouse.url, events)
        with arriving(warehouse.url, events[:third], Receipts(), held=None):
            warehouse.load(as_of)
        with arriving(warehouse.url, events[third : 2 * third], Receipts(), held=None):
            kill_a_load_that_writes(warehouse, table, as_of.isoformat())
        with arriving(warehouse.url, events[2 * third :], Receipts(), held=None):
            taken_up = warehouse.load(as_of)
        assert taken_up.resumed
        # its window is the one it had, so the last third waits for the next
        assert count_missed(warehouse, taken_up) == len(events) - 2 * third
        warehouse.load(as_of)

        assert differ_from_oracle(warehouse, as_of, namespaces) == {}
        marts = warehouse.read_marts()
        warehouse.load(as_of, full_refresh=True)
        assert differ(warehouse.read_marts(), marts, namespaces, "rebuild") == {}


def kill_a_load_that_writes(warehouse: Warehouse, table: str, as_of: str) -> None:
    """Start a load as a process of its own, and kill it when it waits to write the table."""
    project = warehouse.project
    words = ["-m", "tests.exactness.victim", warehouse.url, str(project.folder)]
    with subprocess.Popen(
        [sys.executable, *words, project.database, as_of],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as victim:

        def kill(_: psycopg.Connection, __: int) -> None:
            victim.kill()

        with holding(warehouse.url, project.schema(table), table, kill):
            told, _ = victim.communicate(timeout=PATIENCE_SECONDS)
    assert victim.returncode == KILLED, told
