"""A read over the API is written down before it is answered, and chained at the next collection."""

from uuid import uuid4

import psycopg
import pytest

from ingestion.api import IngestionSettings
from tests.ingestion.api.conftest import Serve
from tests.ingestion.audit.conftest import PSEUDONYMS, collected

LEARNER = uuid4()
_GAPS = """
create table live.knowledge_gaps as
select
    %s::uuid as user_id, 'cardiology' as topic_id, 'weak' as gap_type, 0.5 as severity,
    1 as gap_rank, 0.1 as exam_weight, 0.5 as mastery_score, '{}'::jsonb as evidence,
    'read' as recommended_action, 'Read it.' as recommendation, null::text as study_first,
    'open' as status, now() as first_detected_at, null::timestamptz as resolved_at
"""


@pytest.fixture
def gaps_url(database_url: str) -> str:
    """A database in which the learner has a gap."""
    with psycopg.connect(database_url) as connection:
        connection.execute("set local role study_transform")
        connection.execute(_GAPS.replace("%s", f"'{LEARNER}'").encode())
    return database_url


def test_read_of_a_learner_is_on_record(serve: Serve, gaps_url: str) -> None:
    client = serve(
        IngestionSettings(
            database_url=gaps_url, server_keys=("tutor:secret",), pseudonyms=PSEUDONYMS
        )
    )
    answer = client.get(
        f"/api/users/{LEARNER}/gaps?limit=5",
        headers={"Authorization": "Bearer secret", "X-Request-Id": uuid4().hex},
    )
    assert len(answer.json()["gaps"]) == 1
    with psycopg.connect(gaps_url) as connection:
        assert connection.execute("select count(*) from audit.requests").fetchone() == (1,)
    (entry,) = collected(gaps_url)
    assert (entry["source"], entry["login"], entry["role"]) == ("request", "tutor", "study_bi")
    assert entry["place"] == answer.headers["x-request-id"]
    assert entry["action"].startswith("GET /api/users/{user_id}/gaps (since None, limit 5")
    assert (entry["tables"], entry["row_count"]) == (["live.knowledge_gaps"], 1)
    assert entry["learners"] == [PSEUDONYMS.name(LEARNER)]
    assert entry["address"] == "127.0.0.0"
    assert str(LEARNER) not in str(entry)
    with psycopg.connect(gaps_url) as connection:
        assert connection.execute("select count(*) from audit.requests").fetchone() == (0,)


def test_read_that_cannot_be_noted_is_not_answered(serve: Serve, gaps_url: str) -> None:
    client = serve(IngestionSettings(database_url=gaps_url, pseudonyms=PSEUDONYMS))
    with psycopg.connect(gaps_url) as connection:
        connection.execute("drop table audit.requests")
    answer = client.get(f"/api/users/{LEARNER}/gaps")
    assert answer.status_code >= 500
    assert "gaps" not in answer.json()


def test_refused_read_reads_nothing_and_is_no_access(serve: Serve, gaps_url: str) -> None:
    client = serve(
        IngestionSettings(database_url=gaps_url, write_keys=("web",), pseudonyms=PSEUDONYMS)
    )
    answer = client.get(f"/api/users/{LEARNER}/gaps", headers={"Authorization": "Bearer web"})
    assert answer.status_code == 403
    assert collected(gaps_url) == []
