"""The poster against a service that answers as told."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from ingestion.clients.poster import (
    ATTEMPTS,
    BATCH_BYTES,
    BATCH_EVENTS,
    Poster,
    PostingError,
    cut_batches,
    retry_after,
)

Answer = Callable[[httpx.Request], httpx.Response]


def accept_all(request: httpx.Request) -> httpx.Response:
    events = json.loads(request.content)["events"]
    return httpx.Response(200, json={"results": [{"status": "accepted"} for _ in events]})


def make_poster(answer: Answer, waits: list[float], key: str | None = None) -> Poster:
    return Poster(
        url="http://service",
        write_key=key,
        transport=httpx.MockTransport(answer),
        sleep=waits.append,
    )


def busy_then(times: int, answer: Answer, *, status: int, headers: dict[str, str]) -> Answer:
    left = iter(range(times))

    def respond(request: httpx.Request) -> httpx.Response:
        if next(left, None) is not None:
            return httpx.Response(status, headers=headers)
        return answer(request)

    return respond


def test_poster_sends_every_event_in_batches() -> None:
    sizes: list[int] = []
    tally = make_poster(accept_all, []).post(
        ({"number": number} for number in range(2 * BATCH_EVENTS + 3)), on_batch=sizes.append
    )
    assert sizes == [BATCH_EVENTS, BATCH_EVENTS, 3]
    assert tally.statuses == {"accepted": 2 * BATCH_EVENTS + 3}
    assert tally.refused == 0


def test_poster_of_nothing_asks_nothing() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise AssertionError

    assert make_poster(refuse, []).post([]).total == 0


def test_poster_tallies_reasons_with_an_example() -> None:
    verdicts = [
        {"status": "accepted"},
        {"status": "duplicate"},
        {"status": "rejected", "code": "wrong_type", "path": "user_id", "message": "first"},
        {"status": "rejected", "code": "wrong_type", "message": "second"},
        {"status": "conflict", "code": "conflict", "message": "other"},
    ]
    tally = make_poster(lambda _: httpx.Response(200, json={"results": verdicts}), []).post([{}])
    assert tally.statuses == {"accepted": 1, "duplicate": 1, "rejected": 2, "conflict": 1}
    assert tally.codes == {"wrong_type": 2, "conflict": 1}
    assert tally.examples["wrong_type"] == "user_id first"
    assert tally.refused == 3


def test_poster_shows_its_key() -> None:
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("Authorization"))
        return accept_all(request)

    make_poster(answer, [], key="secret").post([{}])
    make_poster(answer, []).post([{}])
    assert seen == ["Bearer secret", None]


@pytest.mark.parametrize("status", [429, 503])
def test_poster_waits_as_long_as_it_is_asked_to(status: int) -> None:
    waits: list[float] = []
    answer = busy_then(2, accept_all, status=status, headers={"Retry-After": "7"})
    assert make_poster(answer, waits).post([{}]).total == 1
    assert waits == [7.0, 7.0]


def test_poster_gives_up_on_a_service_that_stays_busy() -> None:
    waits: list[float] = []
    with pytest.raises(PostingError, match=r"given up after 8 attempts: it keeps answering 503"):
        make_poster(lambda _: httpx.Response(503), waits).post([{}])
    assert len(waits) == ATTEMPTS - 1
    assert waits == sorted(waits)


def test_poster_tries_again_where_nothing_was_reached() -> None:
    waits: list[float] = []
    left = iter(range(2))

    def answer(request: httpx.Request) -> httpx.Response:
        if next(left, None) is not None:
            raise httpx.ConnectError("refused")
        return accept_all(request)

    assert make_poster(answer, waits).post([{}]).total == 1
    assert len(waits) == 2


def test_poster_does_not_send_twice_what_may_have_arrived() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        raise httpx.ReadTimeout("slow")

    with pytest.raises(PostingError, match="slow"):
        make_poster(answer, []).post([{}])
    assert len(requests) == 1


def test_poster_says_why_a_batch_was_refused() -> None:
    refusal = httpx.Response(401, json={"error": "unknown_write_key", "message": "send a key"})
    with pytest.raises(PostingError, match="401: send a key"):
        make_poster(lambda _: refusal, []).post([{}])


def test_batches_stay_within_the_bytes_a_service_takes() -> None:
    large = {"text": "x" * 1_000_000}
    batches = list(cut_batches([large] * 7))
    assert [len(batch) for batch in batches] == [3, 3, 1]
    assert all(sum(map(len, batch)) <= BATCH_BYTES for batch in batches)


def test_event_larger_than_a_batch_goes_alone() -> None:
    batches = list(cut_batches([{}, {"text": "x" * BATCH_BYTES}, {}]))
    assert [len(batch) for batch in batches] == [1, 1, 1]


def test_lone_surrogate_is_sent_as_it_is() -> None:
    (batch,) = cut_batches([{"text": "\ud800"}])
    assert batch == [b'{"text":"\\ud800"}']


def test_retry_after_reads_seconds_and_dates() -> None:
    past = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    assert retry_after("12", default=1) == 12
    assert retry_after(past, default=1) == 0
    assert retry_after("soon", default=1) == 1
    assert retry_after(None, default=1) == 1


def test_poster_soon_gives_up_on_a_service_never_reached_and_waits_for_one_that_was() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    waits: list[float] = []
    with pytest.raises(PostingError, match="given up after 3 attempts"):
        make_poster(refuse, waits).post([{}])
    assert len(waits) == 2

    answers = iter([accept_all])

    def accept_once(request: httpx.Request) -> httpx.Response:
        return next(answers, refuse)(request)

    waits.clear()
    with pytest.raises(PostingError, match="given up after 8 attempts"):
        make_poster(accept_once, waits).post({} for _ in range(BATCH_EVENTS + 1))
    assert len(waits) == ATTEMPTS - 1
