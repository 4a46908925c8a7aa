"""The benchmark of ingestion, in small: what it sends, what it counts, and what it tells."""

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from bench.ingest.copying import encode_commits, run_copy
from bench.ingest.load import HOST, draw_arrivals, percentile, run_closed, run_open
from bench.ingest.markdown import render
from bench.ingest.measure import DURABILITY, Effort, Measured, require_durable, require_stored
from bench.ingest.memory import slope_per_minute
from bench.ingest.replay import ensure_file, measure_replay
from bench.ingest.report import BARS, Bar, describe_machine, figures, ratio
from bench.ingest.rounds import Bench, measure_rounds
from bench.ingest.service import serving
from bench.ingest.soak import measure_soak, spooled
from bench.ingest.stream import EventStream, damaged, with_fresh_ids
from bench.ingest.wire import BrokenAnswerError, count_verdicts, encode_requests
from bench.transform.history import COLUMNS
from ingestion.events.validation import AcceptedEvent, Rejection, validate_event
from orchestration.landing import land_events
from orchestration.supervisor import find_free_port

NOW = datetime.now(UTC)
ACCEPTED = {"accepted": 2, "duplicate": 0, "rejected": 0, "conflict": 0}


@pytest.fixture
def stream() -> EventStream:
    return EventStream(learners=20, days=3, seed=5)


def answer(verdicts: list[str], **sums: int) -> bytes:
    results = [{"index": index, "status": status} for index, status in enumerate(verdicts)]
    return json.dumps({**ACCEPTED, **sums, "results": results}, separators=(",", ":")).encode()


class Accepting(socketserver.StreamRequestHandler):
    """Accepts two events in every request; what the server is given stalls it or cuts it up."""

    server: "Answering"

    def handle(self) -> None:
        body = answer(["accepted", "accepted"])
        whole = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
        while head := self.rfile.readline():
            while (line := self.rfile.readline()) != b"\r\n":
                head += line
            self.rfile.read(int(head.lower().partition(b"content-length: ")[2]))
            if self.server.stalls:
                time.sleep(self.server.stalls.pop())
            for start in range(0, len(whole), self.server.piece):
                self.wfile.write(whole[start : start + self.server.piece])
                self.wfile.flush()


class Answering(socketserver.ThreadingTCPServer):
    daemon_threads = True
    stalls: list[float]
    piece = 1_000_000


@pytest.fixture
def service() -> Iterator[Answering]:
    with Answering((HOST, 0), Accepting) as server:
        server.stalls = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_stream_holds_every_type_in_valid_events_and_no_event_twice(stream: EventStream) -> None:
    first, second = stream.draw(2_500), stream.draw(2_500)
    events = first + second
    again = list(with_fresh_ids(events))
    ids = {event["event_id"] for event in (*events, *again)}
    assert len(ids) == 2 * len(events)
    assert len({event["event_type"] for event in events}) == 28
    for event, other in zip(events, again, strict=True):
        assert UUID(event["event_id"]).int >> 80 == UUID(other["event_id"]).int >> 80
        assert {**event, "event_id": ""} == {**other, "event_id": ""}
        assert isinstance(judge(other), AcceptedEvent)


def test_damaged_event_is_rejected(stream: EventStream) -> None:
    assert {type(judge(damaged(event))) for event in stream.draw(100)} == {Rejection}


def test_stream_that_is_used_up_says_so() -> None:
    with pytest.raises(RuntimeError, match="used up"):
        EventStream(learners=1, days=1, seed=1).draw(5_000)


def test_requests_hold_every_event_once(stream: EventStream) -> None:
    events = stream.draw(25)
    requests = encode_requests(events, 10)
    sent = [json.loads(request.partition(b"\r\n\r\n")[2])["events"] for request in requests]
    assert [len(batch) for batch in sent] == [10, 10, 5]
    assert [event for batch in sent for event in batch] == events


def test_verdicts_are_counted_one_by_one() -> None:
    assert count_verdicts(answer(["accepted", "accepted"])) == {"accepted": 2}
    mixed = answer(["conflict", "accepted"], accepted=1, conflict=1)
    assert count_verdicts(mixed) == {"accepted": 1, "conflict": 1}
    for wrong in (answer(["accepted"]), answer(["accepted", "duplicate"])):
        with pytest.raises(ValueError, match="sums"):
            count_verdicts(wrong)


def test_answers_that_come_in_pieces_are_put_together(service: Answering) -> None:
    service.piece = 7
    load = run_closed(service.server_address[1], encode_requests([{}, {}] * 5, 2), connections=2)
    assert load.verdicts == {"accepted": 10}
    assert len(load.latencies) == 5


def test_connection_that_ends_without_an_answer_is_an_error() -> None:
    with socketserver.TCPServer((HOST, 0), socketserver.BaseRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        with pytest.raises(BrokenAnswerError):
            run_closed(server.server_address[1], encode_requests([{}], 1), connections=1)
        server.shutdown()
        thread.join()


def test_stall_is_charged_with_all_that_was_due_meanwhile(service: Answering) -> None:
    stall, rate = 0.5, 100.0
    service.stalls = [stall]
    requests = encode_requests([{}, {}] * 40, 2)
    load = run_open(service.server_address[1], requests, per_second=rate, connections=1)
    due = list(islice(draw_arrivals(rate), len(requests)))
    held = [due[0] + stall - moment for moment in due if moment < due[0] + stall]
    assert len(held) > 20
    # no fewer than those, each as late as the stall made it; a slow machine only adds to it
    late = sorted(load.latencies, reverse=True)
    assert all(
        took >= least - 0.001 for took, least in zip(late, sorted(held, reverse=True), strict=False)
    )


def test_arrivals_come_at_the_rate_asked_for() -> None:
    moments = list(islice(draw_arrivals(50.0), 20_000))
    assert moments == sorted(moments)
    assert moments[-1] == pytest.approx(400, rel=0.05)


def test_percentile_is_the_value_so_many_do_not_exceed() -> None:
    values = [float(number) for number in range(101)]
    assert [percentile(values, percent) for percent in (50, 99)] == [50.0, 99.0]
    assert percentile([3.0], 99) == 3.0


def test_growth_is_the_slope_after_the_first_fifth() -> None:
    settling = [(float(second), 1_000 * second) for second in range(20)]
    steady = [(float(second), 50_000 + 100 * second) for second in range(20, 101)]
    assert slope_per_minute([*settling, *steady]) == pytest.approx(6_000)
    with pytest.raises(ValueError, match="1 samples"):
        slope_per_minute([(0.0, 1), (10.0, 2)])


def test_bar_judges_by_its_bound() -> None:
    least, most = Bar("a", "a", least=0.5), Bar("b", "b", most=250)
    assert [least.judge(value) for value in (0.49, 0.5)] == ["MISSED", "held"]
    assert [most.judge(value) for value in (250, 251)] == ["held", "MISSED"]
    assert (Bar("c", "c").judge(1), Bar("c", "c").bound) == ("", "")
    assert ratio([1.0, 4.0, 9.0], [2.0, 2.0, 3.0]) == 2.0


def test_spooled_requests_come_back_and_leave_no_file(tmp_path: Path) -> None:
    path = tmp_path / "requests"
    with spooled(path, iter([b"one", b"three", b"five"])) as spool:
        assert [*spool] == [b"one", b"three", b"five"]
        assert spool[1:] == [b"three", b"five"]
    assert not path.exists()


def test_copied_rows_are_what_landing_stores(database_url: str, stream: EventStream) -> None:
    stream.open_months(database_url)
    events = stream.draw(300)
    copies = list(with_fresh_ids(events))
    land_events(database_url, events)
    run_copy(database_url, encode_commits(copies, 100))
    names = [name for name in COLUMNS if name not in {"event_id", "received_at", "context"}]
    pairs = zip(events, copies, strict=True)
    with psycopg.connect(database_url) as connection:
        rows = {
            str(row[0]): row[1:]
            for row in connection.execute(
                f"select event_id, {', '.join(names)} from raw.study_events"
            )
        }
    assert len(rows) == 600
    assert all(rows[one["event_id"]] == rows[other["event_id"]] for one, other in pairs)


def test_server_that_forgets_is_refused(server_url: str) -> None:
    with psycopg.connect(server_url) as connection:
        found = connection.execute("show fsync").fetchone()
    if found != ("off",):
        assert set(require_durable(server_url)) == set(DURABILITY)
        return
    with pytest.raises(RuntimeError, match="not be durable"):
        require_durable(server_url)


@pytest.mark.slow
def test_benchmark_reports_every_figure(
    server_url: str, database_url: str, stream: EventStream, tmp_path: Path
) -> None:
    stream.open_months(database_url)
    effort = Effort(rounds=1, events=200, replays=1, replay_events=300)
    with serving(database_url, port=find_free_port(), home=tmp_path) as process:
        bench = Bench(database_url, process.port, stream)
        rounds = measure_rounds(bench, rounds=effort.rounds, events=effort.events)
        soak = measure_soak(bench, process, tmp_path, most_per_s=2_000, seconds=1.5)
    require_stored(database_url, rounds.rows + soak.load.verdicts["accepted"])
    file = ensure_file(tmp_path, effort.replay_events)
    replay = measure_replay(server_url, tmp_path, file, effort.replay_events)
    durability = dict.fromkeys(DURABILITY, "off")
    peers = {"defaults": 1.0, "pages": 2.0, "arrow": 4.0}  # of no run: dlt is not in these tests
    found = figures(Measured(effort, durability, rounds, soak, [replay], peers))
    found["machine"] = describe_machine(server_url, NOW.date())
    assert {bar.key for bar in BARS} <= found.keys()
    assert found["replay_to_dlt_ratio"] == replay / 2.0
    assert min(found[bar.key] for bar in BARS if bar.key != "rss_growth_mb_per_min") > 0
    written = render(json.loads(json.dumps(found)))
    assert all(bar.meaning in written for bar in BARS)


def judge(event: dict[str, object]) -> AcceptedEvent | Rejection:
    return validate_event(event, received_at=NOW, sent_at=None)
