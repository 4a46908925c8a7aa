"""Segment's and RudderStack's SDKs for Python and Node, unchanged, with their host pointed here."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import rudderstack.analytics.client
import segment.analytics.client

from tests.ingestion.segment.conftest import KEY
from tests.ingestion.segment.messages import SESSION
from tests.ingestion.segment.watch import Seen, Watch

Query = Callable[[str], list[dict[str, Any]]]
Sdk = Callable[..., None]

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="needs node on the PATH")
STORED = "select user_id, question_id, client_event_id from raw.study_events"
EVENTS = 25


def answers(learner: str) -> list[dict[str, Any]]:
    """So many answers of one learner as an application tracks them."""
    return [
        {
            "userId": learner,
            "event": "Question Submit",
            "properties": {
                "questionId": f"q{number}",
                "sessionId": SESSION,
                "isCorrect": number % 3 > 0,
                "timeToAnswerSeconds": 1.5 * number,
            },
        }
        for number in range(EVENTS)
    ]


def by_segment_python(url: str, tracks: list[dict[str, Any]], *, gzip: bool = False) -> None:
    client = segment.analytics.client.Client(KEY, host=url, gzip=gzip, upload_size=10)
    _send_by(client, tracks)


def by_rudder_python(url: str, tracks: list[dict[str, Any]]) -> None:
    _send_by(rudderstack.analytics.client.Client(KEY, host=url, upload_size=10), tracks)


def _send_by(client: Any, tracks: list[dict[str, Any]]) -> None:
    for track in tracks:
        client.track(track["userId"], track["event"], track["properties"])
    client.shutdown()


def gzipped(seen: Seen) -> bool:
    return seen.headers.get("content-encoding") == "gzip"


@pytest.fixture
def learner() -> str:
    return str(uuid4())


def assert_landed_once(query: Query, learner: str, watch: Watch) -> None:
    """Each event once, each under the id its SDK gave it, and the books agree."""
    stored = query(STORED)
    assert {str(row["user_id"]) for row in stored} == {learner}
    assert sorted(row["question_id"] for row in stored) == sorted(f"q{n}" for n in range(EVENTS))
    said = {message["messageId"] for post in watch.posts() for message in post.messages()}
    assert {row["client_event_id"] for row in stored} == said
    (books,) = query("select sum(accepted) as stored, sum(rejected) as lost from raw.landings")
    assert books == {"stored": EVENTS, "lost": 0}


@pytest.mark.parametrize("gzip", [False, True])
def test_segment_for_python_lands_each_event_once(
    watch: Watch, watched_url: str, query: Query, learner: str, *, gzip: bool
) -> None:
    by_segment_python(watched_url, answers(learner), gzip=gzip)
    assert_landed_once(query, learner, watch)
    assert {seen.path for seen in watch.seen} == {"/v1/batch"}
    assert len(watch.seen) == 3
    assert {gzipped(seen) for seen in watch.seen} == {gzip}


def test_segment_for_python_sends_again_what_was_not_answered(
    watch: Watch, watched_url: str, query: Query, learner: str
) -> None:
    watch.answers_to_lose, watch.refuse_with = 1, [503]
    by_segment_python(watched_url, answers(learner))
    assert_landed_once(query, learner, watch)
    assert len(watch.seen) == 5
    (books,) = query("select sum(duplicate) as again from raw.landings")
    assert books["again"] == 10


def test_rudderstack_for_python_lands_each_event_once(
    watch: Watch, watched_url: str, query: Query, learner: str
) -> None:
    watch.answers_to_lose = 1
    by_rudder_python(watched_url, answers(learner))
    assert_landed_once(query, learner, watch)
    assert all(map(gzipped, watch.seen))


@needs_node
@pytest.mark.parametrize("sdk", ["segment", "rudder"])
def test_sdk_for_node_lands_each_event_once(
    watch: Watch, watched_url: str, query: Query, sdks: Path, sdk: str
) -> None:
    learner = str(uuid4())
    watch.answers_to_lose = 1
    asked = {"sdk": sdk, "url": watched_url, "key": KEY, "tracks": answers(learner)}
    done = subprocess.run(
        [str(NODE), str(sdks / "send.mjs")],
        input=json.dumps(asked),
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert_landed_once(query, learner, watch)
    assert {seen.path for seen in watch.posts()} == {"/v1/batch"}
    kinds = {(seen.headers["content-type"], gzipped(seen)) for seen in watch.posts()}
    form = "application/x-www-form-urlencoded"  # RudderStack's, whatever it sends
    assert kinds == {("application/json", False) if sdk == "segment" else (form, True)}


def test_traits_are_refused_and_the_events_beside_them_land(
    watch: Watch, watched_url: str, query: Query, learner: str
) -> None:
    client = segment.analytics.client.Client(KEY, host=watched_url)
    client.identify(learner, {"email": "jane@example.org", "plan": "free"})
    client.page(learner, None, "Topic", {"topicId": "cardiology"})
    client.page(learner, None, "Home", {"url": "https://app.example/?q=jane"})
    client.shutdown()
    (stored,) = query("select event_type, topic_id from raw.study_events")
    assert stored == {"event_type": "topic_explored", "topic_id": "cardiology"}
    failed = query("select code, payload from raw.failed_events order by code")
    assert [row["code"] for row in failed] == ["private_traits", "unmapped_event"]
    assert "jane" not in str(failed)
    assert len(watch.posts()) == 1
