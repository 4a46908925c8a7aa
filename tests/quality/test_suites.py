from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import pytest

from ingestion.store.database import Role, role_url
from quality.results import CheckResult
from quality.runner import run_suite
from quality.suites import MARTS, SUITES, Suite
from tests.conftest import make_database
from tests.quality.faults import FAULTS, LOG_FAULTS
from tests.quality.faults.planting import Fault
from tests.quality.warehouse import A_MONTH_LATER, AS_OF, NOTHING_CAME, build_warehouse, plant

# What else may then be true of the table, and found besides.
ALSO = {
    ("study_sessions", "texts_hold_nothing_private"): {"device_type_is_one_of_the_known"},
    # The time that is gone was the newest.
    ("question_attempts", "required_values_are_never_null"): {"rows_are_recent"},
}


@pytest.mark.parametrize("table", SUITES)
def test_suite_finds_nothing_in_a_healthy_table(warehouse_url: str, table: str) -> None:
    results = run_suite(SUITES[table], warehouse_url, AS_OF)

    assert [result.check_name for result in results] == [
        check.name for check in SUITES[table].checks
    ]
    assert [str(result) for result in results if not result.success] == []


def name_each(faults: Sequence[Fault]) -> list[str]:
    return [f"{table}-{check}-{number}" for number, (table, check, _) in enumerate(faults)]


@pytest.mark.parametrize(("table", "check", "statements"), FAULTS, ids=name_each(FAULTS))
def test_suite_finds_the_planted_fault_and_nothing_else(
    warehouse_url: str, table: str, check: str, statements: list[str]
) -> None:
    found = find_planted(warehouse_url, table, statements)

    # A check of a column that is gone cannot run, and says so; a fault it did not find.
    stopped = [result for result in found if "error" in result.observed]
    names = {result.check_name for result in found if result not in stopped}
    assert names - ALSO.get((table, check), set()) == {check}
    assert stopped == [] or check == "columns_are_all_there"


@pytest.fixture(scope="module")
def healthy_database(server_url: str, template_database: str) -> Iterator[str]:
    """The name of a database with a healthy log, to make others from."""
    with make_database(server_url, template=template_database) as url:
        build_warehouse(role_url(url, Role.TRANSFORM, application_name="quality tests"))
        yield urlsplit(url).path.removeprefix("/")


@pytest.mark.parametrize(("table", "check", "statements"), LOG_FAULTS, ids=name_each(LOG_FAULTS))
def test_suite_of_the_log_finds_the_planted_fault_and_nothing_else(
    server_url: str, healthy_database: str, table: str, check: str, statements: list[str]
) -> None:
    with make_database(server_url, template=healthy_database) as url:
        own = role_url(url, Role.TRANSFORM, application_name="quality tests")
        found = find_planted(own, table, statements)

    assert [result.observed["error"] for result in found if "error" in result.observed] == []
    assert [result.check_name for result in found] == [check]


def find_planted(url: str, table: str, statements: list[str]) -> list[CheckResult]:
    plant(url, statements)
    as_of = A_MONTH_LATER if statements == [NOTHING_CAME] else AS_OF
    return [result for result in run_suite(SUITES[table], url, as_of) if not result.success]


def test_every_check_has_a_planted_fault() -> None:
    planted = {(table, check) for table, check, _ in [*FAULTS, *LOG_FAULTS]}

    assert planted == {
        (suite.table, check.name) for suite in SUITES.values() for check in suite.checks
    }


@pytest.mark.parametrize("table", SUITES)
def test_checks_have_names_of_their_own_and_say_what_they_mean(table: str) -> None:
    checks = SUITES[table].checks

    assert len({check.name for check in checks}) == len(checks)
    assert all(check.name.isidentifier() and check.name.islower() for check in checks)
    assert all(check.description.endswith(".") for check in checks)


@pytest.mark.parametrize("suite", MARTS, ids=[suite.table for suite in MARTS])
def test_every_mart_is_held_against_its_past_and_searched_for_private_texts(suite: Suite) -> None:
    names = {check.name for check in suite.checks}

    assert "rows_are_recent" in names
    assert names & {"recent_rows_are_distributed_as_before", "rows_are_distributed_as_before"}
    assert names & {"rows_come_as_in_the_weeks_before", "rows_are_as_many_as_before"}
    has_texts = {"text", "jsonb"} & set(suite.columns.values())
    assert ("texts_hold_nothing_private" in names) == bool(has_texts)
