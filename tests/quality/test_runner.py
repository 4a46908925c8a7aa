import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import NoReturn

import pytest
import sqlalchemy

from quality.checks import run_checks
from quality.reconciliation import RECONCILIATIONS
from quality.results import find_failures
from quality.runner import run_suite
from quality.suites import MARTS, SUITES, Severity
from tests.quality.streams import named
from tests.quality.warehouse import AS_OF, plant

SESSIONS = SUITES["study_sessions"]


def test_failed_query_shows_the_offending_rows(warehouse_url: str) -> None:
    plant(
        warehouse_url,
        ["update marts.study_sessions set idle_seconds = idle_seconds + 1 where pause_count = 1"],
    )

    (found,) = find_failures(run_suite(SESSIONS, warehouse_url, AS_OF))

    assert (found.check_name, found.column) == ("idle_seconds_are_what_remains", "idle_seconds")
    assert found.unexpected_count == 1
    (row,) = found.unexpected_sample
    assert isinstance(row, dict)
    assert row["session_id"] == str(named("rich"))


def test_failed_column_check_shows_keys_and_values(warehouse_url: str) -> None:
    plant(warehouse_url, ["update marts.study_sessions set device_type = 'fridge'"])

    (found,) = find_failures(run_suite(SESSIONS, warehouse_url, AS_OF))

    assert found.unexpected_count == found.observed["element_count"] == 25
    assert len(found.unexpected_sample) == 5
    first = found.unexpected_sample[0]
    assert isinstance(first, dict)
    assert first["device_type"] == "fridge"


def test_offending_rows_show_nothing_private(warehouse_url: str) -> None:
    plant(
        warehouse_url,
        [
            (
                "update marts.question_attempts set selected_answer = 'ann@example.org',"
                " topic_id = 'ask ann@example.org' where question_id = 'q2'"
            )
        ],
    )

    (found,) = find_failures(run_suite(SUITES["question_attempts"], warehouse_url, AS_OF))

    assert found.check_name == "texts_hold_nothing_private"
    (row,) = found.unexpected_sample
    assert isinstance(row, dict)
    assert "selected_answer" not in row
    assert (row["topic_id"], row["question_id"]) == ("(withheld)", "q2")
    assert "ann@example.org" not in str(found)


def test_healthy_tables_are_read_once_for_all_their_facts(
    warehouse_url: str, statements: list[str]
) -> None:
    run_suite(SESSIONS, warehouse_url, AS_OF)

    facts = [said for said in statements if "FILTER (WHERE" in said]
    assert len(facts) == 1
    assert facts[0].count("FILTER (WHERE") > 10


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """What SQLAlchemy says to databases."""
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", hear)
    yield said
    sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", hear)


def test_warnings_are_no_failures(warehouse_url: str) -> None:
    plant(
        warehouse_url,
        ["update marts.study_sessions set reported_duration_seconds = duration_seconds + 999"],
    )

    results = run_suite(SESSIONS, warehouse_url, AS_OF)

    assert {found.severity for found in results if not found.success} == {Severity.WARNING}
    assert find_failures(results) == []


def test_check_that_cannot_run_fails_with_the_reason_and_spares_its_neighbours(
    warehouse_url: str,
) -> None:
    plant(warehouse_url, ["alter table marts.study_sessions drop column idle_seconds"])

    failures = find_failures(run_suite(SESSIONS, warehouse_url, AS_OF))

    reasons = {found.check_name: found.observed.get("error") for found in failures}
    assert reasons.keys() == {
        "columns_are_all_there",
        "required_values_are_never_null",
        "idle_seconds_are_what_remains",
    }
    assert 'column "idle_seconds" does not exist' in str(reasons["idle_seconds_are_what_remains"])


def test_empty_marts_hold_every_fact(warehouse_url: str) -> None:
    plant(warehouse_url, [f"delete from marts.{suite.table}" for suite in MARTS])
    plant(
        warehouse_url,
        [
            "delete from staging.stg_study_events",
            "delete from raw.study_events",
            "delete from raw.landings",
        ],
    )

    assert [
        str(found) for found in run_checks(warehouse_url, as_of=AS_OF).results if not found.success
    ] == []


def test_all_checks_run_in_one_call(warehouse_url: str) -> None:
    results = run_checks(warehouse_url, as_of=AS_OF).results

    names = [(found.suite, found.check_name) for found in results]
    declared = [(suite.name, check.name) for suite in SUITES.values() for check in suite.checks]
    assert names == declared + [("reconciliation", each.name) for each in RECONCILIATIONS]
    assert all(found.success for found in results)


def test_checks_of_one_table_run_alone(warehouse_url: str) -> None:
    results = run_checks(warehouse_url, tables=["question_attempts"]).results

    assert {found.table for found in results} == {"question_attempts"}
    assert {found.suite for found in results} == {"question_attempts", "reconciliation"}


def test_checks_of_an_unknown_table_are_refused() -> None:
    with pytest.raises(ValueError, match="no checks for exam_results"):
        run_checks("postgresql://localhost/none", tables=["exam_results"])


def test_url_without_host_is_refused() -> None:
    with pytest.raises(ValueError, match="need a host"):
        run_suite(SESSIONS, "postgresql:///study")


def test_suites_open_no_connection_but_the_databases(
    warehouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # libpq opens its sockets in C: whatever Python opens would be telemetry.
    def refuse(*address: object) -> NoReturn:
        raise AssertionError(f"a connection to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    assert find_failures(run_suite(SESSIONS, warehouse_url, AS_OF)) == []


def test_suites_print_nothing(warehouse_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    run_suite(SESSIONS, warehouse_url, AS_OF)

    assert capfd.readouterr() == ("", "")


def test_checks_can_be_listed_without_great_expectations() -> None:
    # The orchestrator lists them whenever it loads its definitions: it may not cost seconds.
    program = "import sys, quality.checks; sys.exit('great_expectations' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
