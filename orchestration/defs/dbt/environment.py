"""How dbt is told which database to work on: the variables its `profiles.yml` reads."""

from psycopg.conninfo import conninfo_to_dict

_DEFAULT_PORT = "5432"
_DEFAULT_SSLMODE = "prefer"


def dbt_environment(url: str) -> dict[str, str]:
    """Give the environment variables that point dbt at the database of a libpq URL.

    The role dbt works as is the profile's own (`study_transform`), whoever the URL logs in as.
    What the URL leaves out takes libpq's default, never that of a variable set outside.

    Raises:
        psycopg.ProgrammingError: `url` is not a libpq URL.
    """
    given = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    user = given.get("user", "")
    return {
        "STUDY_DBT_HOST": given.get("host", ""),
        "STUDY_DBT_PORT": given.get("port", _DEFAULT_PORT),
        "STUDY_DBT_USER": user,
        "STUDY_DBT_PASSWORD": given.get("password", ""),
        "STUDY_DBT_DATABASE": given.get("dbname", user),
        "STUDY_DBT_SSLMODE": given.get("sslmode", _DEFAULT_SSLMODE),
        "STUDY_DBT_SSLROOTCERT": given.get("sslrootcert", ""),
    }
