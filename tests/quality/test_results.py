from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from ingestion.store.database import Role, role_url
from quality.results import CheckResult, prune, record, show_row, to_json
from quality.suites import Severity

AS_OF = datetime(2025, 3, 10, tzinfo=UTC)


def found(name: str, *, success: bool) -> CheckResult:
    return CheckResult(
        suite="study_sessions",
        table="study_sessions",
        check_name=name,
        column="idle_seconds",
        severity=Severity.CRITICAL,
        success=success,
        observed={"element_count": 7},
        unexpected_count=0 if success else 2,
        unexpected_sample=[] if success else [{"session_id": "s"}],
        description="A fact.",
    )


def test_results_are_kept_as_the_transform_role(database_url: str) -> None:
    url = role_url(database_url, Role.TRANSFORM, application_name="quality tests")

    record(url, "run-1", AS_OF, [found("good", success=True), found("bad", success=False)])

    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        good, bad = connection.execute(
            "select * from quality.check_results order by check_id"
        ).fetchall()
    assert (good["run_id"], good["as_of"], good["check_name"]) == ("run-1", AS_OF, "good")
    assert (good["success"], bad["success"]) == (True, False)
    assert (bad["table_name"], bad["column_name"]) == ("study_sessions", "idle_seconds")
    assert (bad["severity"], bad["description"]) == ("critical", "A fact.")
    assert (bad["observed"], bad["unexpected_count"]) == ({"element_count": 7}, 2)
    assert bad["unexpected_sample"] == [{"session_id": "s"}]
    assert good["checked_at"] is not None


def test_red_check_tells_since_when(database_url: str) -> None:
    url = role_url(database_url, Role.TRANSFORM, application_name="quality tests")
    for number, success in enumerate((False, True, False, False)):
        record(url, f"run-{number}", AS_OF, [found("fact", success=success)])

    with psycopg.connect(url) as connection:
        (latest,) = connection.execute(
            """
            select run_id, success, failures_in_a_row, failing_since = (
                select checked_at from quality.check_results where run_id = 'run-2'
            )
            from quality.latest_checks
            """
        ).fetchall()
    assert latest == ("run-3", False, 2, True)


def test_old_results_are_deleted_by_the_owner_alone(database_url: str) -> None:
    url = role_url(database_url, Role.TRANSFORM, application_name="quality tests")
    record(url, "run-1", AS_OF, [found("fact", success=True)])
    later = datetime.now(UTC) + timedelta(days=1)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        prune(url, later)
    assert (prune(database_url, AS_OF), prune(database_url, later)) == (0, 1)


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ({"topic_id": "lung", "query": "x"}, {"topic_id": "lung"}),
        ({"topic_id": "mail ann@example.org"}, {"topic_id": "(withheld)"}),
        ({"topic_id": "10.20.30.40"}, {"topic_id": "(withheld)"}),
        ({"topic_id": "EC 1.1.1.27"}, {"topic_id": "EC 1.1.1.27"}),
        ({"topic_id": "Mozilla/5.0 (X11)"}, {"topic_id": "(withheld)"}),
        ({"n": 1, "none": None}, {"n": 1, "none": None}),
        ("ann@example.org", "(withheld)"),
    ],
)
def test_rows_show_nothing_private(row: object, shown: object) -> None:
    assert show_row(row, {"query"}) == shown


def test_no_results_are_no_rows(database_url: str) -> None:
    record(database_url, "run-1", None, [])

    with psycopg.connect(database_url) as connection:
        assert connection.execute("select * from quality.check_results").fetchall() == []


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (found("a", success=True), "study_sessions: a: holds"),
        (found("a", success=False), "study_sessions: a: 2 against it"),
    ],
)
def test_result_reads_as_a_line(result: CheckResult, text: str) -> None:
    assert str(result) == text


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (AS_OF, "2025-03-10T00:00:00+00:00"),
        (date(2025, 3, 10), "2025-03-10"),
        (Decimal("1.5"), "1.5"),
        (float("nan"), None),
        (float("-inf"), None),
        ({"a": (1, UUID(int=2))}, {"a": [1, "00000000-0000-0000-0000-000000000002"]}),
        (True, True),
        (None, None),
    ],
)
def test_values_become_what_json_can_hold(value: object, json: object) -> None:
    assert to_json(value) == json
