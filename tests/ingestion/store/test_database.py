import socket
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from ingestion.store import database
from ingestion.store.database import Role, connect, describe, open_database, role_url
from ingestion.store.errors import StoreError
from ingestion.store.server import EmbeddedServer
from tests.conftest import make_database


def test_given_url_starts_nothing(server_url: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with open_database(server_url, home=home) as url:
        assert url == server_url
    assert not home.exists()


def test_no_url_gives_the_embedded_database(settled_home: Path, bin_dir: Path | None) -> None:
    with open_database(None, home=settled_home, port=0, bin_dir=bin_dir) as url:
        assert url.startswith("postgresql://study:")
        assert url.endswith("/study")
        with connect(url) as connection:
            assert connection.info.dbname == "study"
    assert not EmbeddedServer(settled_home).status().is_running


def test_server_that_is_too_old_is_refused(
    server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "MINIMUM_VERSION", 990000)
    with (
        pytest.raises(StoreError, match=r"is PostgreSQL \d\d, and .* needed.*STUDY_DATABASE_URL"),
        open_database(server_url, home=tmp_path),
    ):
        pytest.fail("an old server was taken")


def test_database_that_stores_no_utf8_is_refused(server_url: str, tmp_path: Path) -> None:
    with (
        make_database(server_url, encoding="SQL_ASCII") as url,
        pytest.raises(StoreError, match="stores SQL_ASCII, and UTF8 is needed"),
        open_database(url, home=tmp_path),
    ):
        pytest.fail("a database without an encoding was taken")


def test_database_that_does_not_answer_is_an_error_of_one_line(tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        url = f"postgresql://study:topsecret@127.0.0.1:{port}/study"
        with (
            pytest.raises(StoreError, match=f"127.0.0.1:{port}/study cannot be reached") as raised,
            open_database(url, home=tmp_path),
        ):
            pytest.fail("nobody answered")
    assert "topsecret" not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("special", ["@", "/", "?", "#", ":", "%"])
def test_password_is_never_shown_however_it_is_misspelt(special: str) -> None:
    url = f"postgresql://study:topsecret{special}topsecret@127.0.0.1:1/study"
    with pytest.raises(StoreError) as raised:
        connect(url)
    assert "topsecret" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://localhost/study",
        "postgresql+psycopg://localhost/study",
        "host=localhost dbname=study",
        "postgresql://[::1/study",
        "postgresql://localhost:topsecret/study",
        "",
    ],
)
def test_what_is_no_url_of_postgresql_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="not a URL of PostgreSQL") as raised:
        describe(url)
    assert "topsecret" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://study:pw@db.example:5433/study?sslmode=require", "db.example:5433/study"),
        ("postgres://study@db.example/study", "db.example/study"),
        ("postgresql://study:pw@[::1]:5433/study", "[::1]:5433/study"),
        ("postgresql://study:pw@one:1,two:2/study", "one:1,two:2/study"),
        ("postgresql:///study?host=/run/postgresql", "localhost/study"),
    ],
)
def test_address_is_shown_without_user_and_password(url: str, place: str) -> None:
    assert describe(url) == place


@pytest.mark.parametrize("role", list(Role))
def test_role_url_works_as_the_role_in_utc(shared_database_url: str, role: Role) -> None:
    with connect(role_url(shared_database_url, role, application_name="a test & more")) as session:
        row = session.execute(
            "select current_user, current_setting('timezone'), current_setting('application_name')"
        ).fetchone()
    assert row == (role, "UTC", "a test & more")


def test_role_url_keeps_what_the_url_says_already(shared_database_url: str) -> None:
    given = f"{shared_database_url}?connect_timeout=3&options={quote('-c work_mem=7MB')}"
    url = role_url(given, Role.BI, application_name="test")
    assert psycopg.conninfo.conninfo_to_dict(url)["connect_timeout"] == "3"
    with connect(url) as session:
        row = session.execute("select current_user, current_setting('work_mem')").fetchone()
    assert row == (Role.BI, "7MB")
