import pytest

from quality.runner import run_suite
from quality.suites import SUITES
from tests.quality.faults import FAULTS
from tests.quality.warehouse import plant


@pytest.mark.parametrize("table", SUITES)
def test_suite_finds_nothing_in_a_healthy_mart(warehouse_url: str, table: str) -> None:
    results = run_suite(SUITES[table], warehouse_url)

    assert [result.check_name for result in results] == [
        check.name for check in SUITES[table].checks
    ]
    assert [str(result) for result in results if not result.success] == []


@pytest.mark.parametrize(
    ("table", "check", "statements"),
    FAULTS,
    ids=[f"{table}-{check}-{number}" for number, (table, check, _) in enumerate(FAULTS)],
)
def test_suite_finds_the_planted_fault_and_nothing_else(
    warehouse_url: str, table: str, check: str, statements: list[str]
) -> None:
    plant(warehouse_url, statements)

    results = run_suite(SUITES[table], warehouse_url)

    failed = [result for result in results if not result.success]
    # A check of a column that is gone cannot run, and says so; a fault it did not find.
    stopped = [result for result in failed if "error" in result.observed]
    assert [result.check_name for result in failed if result not in stopped] == [check]
    assert stopped == [] or check == "columns_are_all_there"


def test_every_check_has_a_planted_fault() -> None:
    planted = {(table, check) for table, check, _ in FAULTS}

    assert planted == {
        (suite.table, check.name) for suite in SUITES.values() for check in suite.checks
    }


@pytest.mark.parametrize("table", SUITES)
def test_checks_have_names_of_their_own_and_say_what_they_mean(table: str) -> None:
    checks = SUITES[table].checks

    assert len({check.name for check in checks}) == len(checks)
    assert all(check.name.isidentifier() and check.name.islower() for check in checks)
    assert all(check.description.endswith(".") for check in checks)
