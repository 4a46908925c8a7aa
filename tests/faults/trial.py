"""One trial: events sent while something breaks, and then the books compared."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from tests.faults.ledger import Batch, Ledger, cut
from tests.faults.rig import Rig
from tests.faults.senders import Moment, Strike, deliver, resend

_RESENT_EVERY = 10

_ROWS = "select count(*) from raw.study_events"
_STORED = "select event_id::text from raw.study_events where event_id = any(%s::uuid[])"


@dataclass(frozen=True)
class Books:
    """Rows in the log, and how many the landings say they put there."""

    rows: int
    accepted: int


def endure(
    rig: Rig,
    events: int,
    strike: Strike,
    *,
    faults: int,
    port: int | None = None,
    ledger: Ledger | None = None,
) -> Counter[str]:
    """Send so many events while `strike` is called so often, and hold the ledger to the database.

    By way of `port` where one is given; a `ledger` may be given that `strike` reads. Returns
    counts, to be told.
    """
    batches = cut(rig.stream.draw(events))
    ledger = ledger or Ledger()
    before = read_books(rig.url)

    async def strike_and_check(moment: Moment) -> None:
        await strike(moment)
        assert find_missing(rig.url, ledger.take_unchecked()) == []

    deliver(port or rig.service.port, batches, ledger, strike=strike_and_check, faults=faults)
    assert_books_agree(rig, batches, ledger, before)
    return tell(batches, ledger, faults)


def assert_books_agree(rig: Rig, batches: Sequence[Batch], ledger: Ledger, before: Books) -> None:
    """All that was sent is stored once, nothing else is, and every verdict was true."""
    sent = [event_id for batch in batches for event_id in batch.ids]
    after = read_books(rig.url)
    assert find_missing(rig.url, sent) == []
    assert after.rows - before.rows == len(sent)
    assert after.accepted - before.accepted == len(sent)
    assert set(ledger.first) == set(sent)
    assert set(ledger.first.values()) <= {"accepted", "duplicate"}
    assert ledger.unexplained(batches) == []
    assert set(ledger.statuses) <= {200, 429, 503}

    resend(rig.service.port, batches[::_RESENT_EVERY], ledger)
    assert set(ledger.again) == {"duplicate"}
    assert read_books(rig.url) == after


def find_missing(url: str, ids: Sequence[str]) -> list[str]:
    """The ids that are not stored."""
    with psycopg.connect(url) as connection:
        stored = {event_id for (event_id,) in connection.execute(_STORED, [list(ids)])}
    return [event_id for event_id in ids if event_id not in stored]


def read_books(url: str) -> Books:
    """What is stored, and what the landings say of it."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(_ROWS).fetchone()
        assert rows is not None
        landings = connection.execute("select to_regclass('raw.landings')").fetchone()
        if landings == (None,):
            return Books(rows[0], rows[0])
        accepted = connection.execute("select coalesce(sum(accepted), 0) from raw.landings")
        found = accepted.fetchone()
    assert found is not None
    return Books(rows[0], int(found[0]))


def tell(batches: Sequence[Batch], ledger: Ledger, faults: int) -> Counter[str]:
    """The counts of a trial, by the headings of the table."""
    verdicts = Counter(ledger.first.values())
    return Counter(
        {
            "faults": faults,
            "events": sum(len(batch.ids) for batch in batches),
            "accepted": verdicts["accepted"],
            "duplicate": verdicts["duplicate"],
            "lost answers": ledger.unanswered.total(),
            "503": ledger.statuses[503],
            "429": ledger.statuses[429],
            "not reached": ledger.refused_connections,
        }
    )
