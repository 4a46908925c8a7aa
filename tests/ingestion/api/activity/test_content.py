"""The catalogue: what was put once need not be said again."""

from collections.abc import Mapping

import httpx
import psycopg
import pytest

from tests.ingestion.api.activity.conftest import Learner


def put(client: httpx.Client, path: str, **body: object) -> None:
    response = client.put(path, json=body)
    assert (response.status_code, response.json()) == (200, {"stored": 1})


def test_question_tells_topic_answer_and_difficulty(learner: Learner) -> None:
    put(
        learner.client,
        "/api/questions/c1",
        topic_id="cardiology",
        correct_answer="A",
        difficulty="easy",
        question_type="multiple_choice",
    )
    view = learner.do("/api/questions/c1/view")["properties"]
    assert (view["difficulty"], view["question_type"]) == ("easy", "multiple_choice")
    right = learner.do("/api/questions/c1/submit", answer="A", time_spent=45)["properties"]
    wrong = learner.do("/api/questions/c1/submit", answer="B", time_spent=45)["properties"]
    assert (right["is_correct"], wrong["is_correct"]) == (True, False)


def test_request_goes_before_the_catalogue(learner: Learner, database: psycopg.Connection) -> None:
    put(learner.client, "/api/questions/c2", topic_id="cardiology", correct_answer="A")
    told = learner.do("/api/questions/c2/submit", answer="A", is_correct=False, topic_id="lung")
    assert told["properties"]["is_correct"] is False
    stored = database.execute("select topic_id from raw.study_events where question_id = 'c2'")
    assert stored.fetchall() == [("lung",)]


def test_putting_again_replaces(learner: Learner) -> None:
    put(learner.client, "/api/questions/c3", correct_answer="A", difficulty=0.9)
    put(learner.client, "/api/questions/c3", correct_answer="B")
    assert learner.do("/api/questions/c3/submit", answer="B")["properties"]["is_correct"] is True
    assert "difficulty" not in learner.do("/api/questions/c3/view")["properties"]


def test_material_and_topic_tell_what_they_are(learner: Learner) -> None:
    put(
        learner.client,
        "/api/materials/c4",
        filename="ecg.pdf",
        page_count=42,
        material_type="pdf",
        topic_id="c5",
    )
    put(learner.client, "/api/topics/c5", name="Cardiology", level=2)
    opened = learner.do("/api/materials/c4/open")["properties"]
    assert opened == {"material_name": "ecg.pdf", "total_pages": 42, "material_type": "pdf"}
    explored = learner.do("/api/topics/c5/explored")["properties"]
    assert explored == {"topic_name": "Cardiology", "topic_level": 2}


def test_many_are_put_together_or_not_at_all(learner: Learner) -> None:
    content: dict[str, dict[str, Mapping[str, object]]] = {
        "questions": {"c6": {"correct_answer": "A"}, "c7": {"correct_answer": "B"}},
        "topics": {"c8": {"name": "Lung"}},
    }
    assert learner.client.put("/api/content", json=content).json() == {"stored": 3}
    assert learner.do("/api/questions/c7/submit", answer="B")["properties"]["is_correct"] is True
    content["questions"] = {"c6": {"correct_answer": "Z"}, "c9": {"correct_answer": 7}}
    assert learner.client.put("/api/content", json=content).status_code == 422
    assert learner.do("/api/questions/c6/submit", answer="A")["properties"]["is_correct"] is True


@pytest.mark.parametrize(
    ("path", "body", "code", "words"),
    [
        ("/api/questions/c", {"correct": "A"}, "unknown_field", "`correct` a question has no such"),
        ("/api/questions/c", {"difficulty": "brutal"}, "invalid_value", "`difficulty` must be"),
        ("/api/questions/c", {"correct_answer": 4}, "wrong_type", "`correct_answer` must be"),
        ("/api/questions/c", {"topic_id": "a@b.org"}, "private_data", "`topic_id` holds"),
        ("/api/materials/a%40b.org", {}, "private_data", "`material_id` holds"),
        (f"/api/topics/{'t' * 129}", {}, "out_of_range", "at most 128"),
        ("/api/topics/t", {"name": "a\0"}, "unstorable_text", "`name` holds a NUL"),
        ("/api/materials/m", {"page_count": -1}, "out_of_range", "`page_count` must be at least 0"),
        ("/api/content", {"quizzes": {}}, "invalid_value", "send {questions"),
        ("/api/content", {"topics": {"t": 7}}, "wrong_type", "must be an object"),
        (
            "/api/content",
            {"topics": {str(number): {} for number in range(1001)}},
            "too_many_items",
            "at most 1000",
        ),
    ],
)
def test_item_that_is_none_is_refused(
    client: httpx.Client, path: str, body: object, code: str, words: str
) -> None:
    response = client.put(path, json=body)
    problem = response.json()
    assert (response.status_code, problem["error"]) == (422, code), problem
    assert words in problem["message"]


def test_names_are_guarded_and_answers_are_not(
    client: httpx.Client, database: psycopg.Connection
) -> None:
    put(client, "/api/materials/c10", filename="mail jane@example.org")
    put(client, "/api/questions/c11", correct_answer="call 415-555-2671")
    kept = database.execute(
        "select attributes from content.items where item_id in ('c10', 'c11') order by item_id"
    ).fetchall()
    assert kept == [
        ({"material_name": "mail [email]"},),
        ({"correct_answer": "call 415-555-2671"},),
    ]
