"""Rows of the books that are drawn together tell the same sums, and can still be corrected."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from ingestion.landing.books import draw_together, take_out
from ingestion.landing.failed_events import drop_letters

CUT = date(2024, 3, 1)
START = datetime(2024, 2, 1, tzinfo=UTC)
ENTER = """
insert into raw.landings
    (ingest_xid, received_at, received, accepted, duplicate, rejected, conflict, redacted)
values (%s::text::xid8, %s, %s, %s, 1, 0, 0, 0)
"""


@pytest.fixture
def owner(database: psycopg.Connection) -> psycopg.Connection:
    """Twenty transactions of two months, one of them out of turn, and a restored dump's."""
    database.execute("delete from raw.landings")
    for number in range(20):
        at = START + timedelta(days=3 * number + (30 if number == 5 else 0))
        database.execute(ENTER, (100 + 10 * number, at, number + 1, number))
    database.execute(ENTER, (2, START, 8, 7))
    return database


def read_books(owner: psycopg.Connection) -> list[tuple[object, ...]]:
    return owner.execute(
        "select first_xid::text, ingest_xid::text, accepted, received from raw.landings"
        " order by raw.landings.ingest_xid"
    ).fetchall()


def test_rows_of_past_transactions_become_one(owner: psycopg.Connection) -> None:
    before = owner.execute("select sum(accepted), sum(received) from raw.landings").fetchone()
    assert draw_together(owner, CUT) == 1
    books = read_books(owner)
    # up to the first that is to stay: a later one received before the day stays with it
    assert books[:3] == [
        (None, "2", 7, 8),
        ("100", "140", 0 + 1 + 2 + 3 + 4, 1 + 2 + 3 + 4 + 5),
        (None, "150", 5, 6),
    ]
    after = owner.execute("select sum(accepted), sum(received) from raw.landings").fetchone()
    assert after == before
    assert draw_together(owner, CUT) == 0
    assert read_books(owner) == books


def test_erased_events_leave_the_row_their_transaction_is_in(owner: psycopg.Connection) -> None:
    draw_together(owner, CUT)
    booked = take_out(owner, {99: 5, 2: 3, 110: 1, 120: 2, 150: 4, 155: 1, 9999: 1})
    assert booked == 1 + 2 + 4
    told = {row[1]: row[2] for row in read_books(owner)}
    assert (told["2"], told["140"], told["150"], told["160"]) == (7, 10 - 3, 5 - 4, 6)


def test_dead_letters_of_before_a_day_go_with_their_replays(owner: psycopg.Connection) -> None:
    owner.execute(
        "insert into raw.failed_events (failed_event_id, received_at, kind, code, message, payload)"
        " select gen_random_uuid(), '2024-02-28'::timestamptz + number * interval '1 day',"
        " 'rejected', 'wrong_type', 'why', '{}' from generate_series(0, 4) as number"
    )
    owner.execute(
        "insert into raw.replays (failed_event_id, status, code, message)"
        " select failed_event_id, 'rejected', 'wrong_type', 'why' from raw.failed_events"
    )
    assert drop_letters(owner, CUT) == 2
    assert owner.execute(
        "select (select count(*) from raw.failed_events), (select count(*) from raw.replays)"
    ).fetchone() == (3, 3)
