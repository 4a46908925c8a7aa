"""What the client keeps: for how long, how much of it, and who sends it in the end."""

import pytest

from ingestion.clients import (
    SpoolFullError,
    StudyClient,
)
from tests.ingestion.clients.stand_ins import (
    LEARNER,
    Bench,
    ids,
    track,
)


def test_full_spool_keeps_the_oldest_and_says_so(bench: Bench) -> None:
    bench.service.away = True
    client = StudyClient(bench.settings(most_events=10))
    sent = track(client, 10)
    bench.service.next_batch()
    with pytest.raises(SpoolFullError, match="is http://service away"):
        track(client)
    assert client.statistics().waiting == 10
    client.close()
    bench.service.away = False
    with StudyClient(bench.settings()) as later:
        assert later.flush()
    while not bench.service.requests.empty():
        assert ids(bench.service.next_batch()) == sent


def test_spool_is_bounded_in_bytes(bench: Bench, client: StudyClient) -> None:
    with (
        StudyClient(bench.settings(spool=bench.folder / "small.db", most_bytes=500)) as small,
        pytest.raises(SpoolFullError),
    ):
        track(small, 10)
    assert 0 < small.statistics().tracked < 4


def test_events_left_behind_are_sent_by_the_next_client(bench: Bench) -> None:
    bench.service.away = True
    client = StudyClient(bench.settings())
    sent = track(client, 3)
    client.close()
    bench.service.away = False
    assert ids(bench.service.next_batch()) == sent
    assert client.statistics().waiting == 3
    with StudyClient(bench.settings()):
        assert ids(bench.service.next_batch()) == sent


def test_closing_sends_what_waits(bench: Bench) -> None:
    with StudyClient(bench.settings()) as client:
        sent = track(client, 3)
    assert ids(bench.service.next_batch()) == sent
    assert client.statistics().waiting == 0


def test_tracking_after_the_end_still_reaches_the_spool(bench: Bench) -> None:
    client = StudyClient(bench.settings())
    client.close()
    track(client)
    assert client.statistics().waiting == 1
    assert not client.flush()
    assert not client.offer(user_id=LEARNER, event_type="search_performed")


def test_long_backlog_goes_in_large_batches(bench: Bench) -> None:
    bench.service.away = True
    client = StudyClient(bench.settings())
    track(client, 1_100)
    client.close()
    bench.service.away = False
    bench.service.answer()
    with StudyClient(bench.settings()) as later:
        sizes = [len(bench.service.next_batch()["events"]) for _ in range(3)]
        assert later.flush()
    assert sizes == [500, 500, 100]


def test_offered_events_arrive_and_those_that_are_none_are_counted(
    bench: Bench, client: StudyClient
) -> None:
    assert client.offer(user_id=LEARNER, event_type="search_performed")
    assert client.offer(user_id="nobody", event_type="search_performed")
    assert client.flush()
    assert len(bench.service.next_batch()["events"]) == 1
    assert client.statistics().unsendable == 1


def test_offers_beyond_the_bound_are_dropped_and_counted(bench: Bench) -> None:
    with StudyClient(bench.settings(most_offered=0)) as client:
        assert not client.offer(user_id=LEARNER, event_type="search_performed")
        assert client.statistics().dropped == 1
    with StudyClient(bench.settings(most_events=0)) as client:
        assert client.offer(user_id=LEARNER, event_type="search_performed")
        assert client.flush()
        assert client.statistics().dropped == 1
