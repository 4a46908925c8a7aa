"""How a URL becomes what profiles.yml reads."""

import psycopg
import pytest

from orchestration.defs.dbt.environment import dbt_environment


def test_environment_names_every_part_of_the_url() -> None:
    url = "postgresql://anna:p%40ss%2Fword@db.example:6543/study?sslmode=verify-full&sslrootcert=ca"
    assert dbt_environment(url) == {
        "STUDY_DBT_HOST": "db.example",
        "STUDY_DBT_PORT": "6543",
        "STUDY_DBT_USER": "anna",
        "STUDY_DBT_PASSWORD": "p@ss/word",
        "STUDY_DBT_DATABASE": "study",
        "STUDY_DBT_SSLMODE": "verify-full",
        "STUDY_DBT_SSLROOTCERT": "ca",
    }


def test_environment_leaves_nothing_to_variables_from_outside() -> None:
    environment = dbt_environment("postgresql://anna@localhost")
    assert environment["STUDY_DBT_PORT"] == "5432"
    assert environment["STUDY_DBT_DATABASE"] == "anna"
    assert environment["STUDY_DBT_PASSWORD"] == ""


def test_environment_refuses_what_is_no_url() -> None:
    with pytest.raises(psycopg.ProgrammingError):
        dbt_environment("somewhere")
