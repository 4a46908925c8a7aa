"""A BI login limited to a cohort sees its learners in every mart and live view, nobody else."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from ingestion.store.database import Role, role_url
from orchestration.landing import land_events
from tests.end_to_end.hostile import Event, make_hostile_stream
from tests.end_to_end.test_oracle import land_all
from tests.exactness.warehouse import Project, Warehouse, fresh_warehouse
from tests.ingestion.audit.conftest import making_login
from tests.orchestration.conftest import make_events

pytestmark = pytest.mark.custody
AS_OF = datetime(2025, 11, 20, 12, tzinfo=UTC)
READABLE = """
select format('%I.%I', schemas.nspname, relations.relname), exists (
    select from pg_attribute where attrelid = relations.oid and attname = 'user_id'
)
from pg_class as relations
join pg_namespace as schemas on schemas.oid = relations.relnamespace
where
    schemas.nspname in ('marts', 'live')
    and relations.relkind in ('r', 'v')
    and has_table_privilege(relations.oid, 'select')
"""


@contextmanager
def limited(warehouse: Warehouse, cohort: str) -> Iterator[psycopg.Connection]:
    """The session of a login that may see one cohort."""
    with making_login(warehouse.url, Role.BI_COHORT) as url:
        with psycopg.connect(warehouse.url) as owner:
            owner.execute(
                "insert into access.cohort_readers values (%s, %s)",
                (urlsplit(url).username, cohort),
            )
        with psycopg.connect(url, autocommit=True) as session:
            session.execute("select set_config('study.as_of', %s, false)", (AS_OF.isoformat(),))
            yield session


@pytest.fixture(scope="module")
def warehouse(
    server_url: str, template_database: str, project: Project
) -> Iterator[tuple[Warehouse, set[UUID]]]:
    """A loaded warehouse of which three learners are a cohort, one of them just studying."""
    stream: list[Event] = [*make_hostile_stream(7, rounds=1, events_per_round=20)]
    learners = sorted({str(event["user_id"]) for event in stream})
    with fresh_warehouse(server_url, template_database, project) as loaded:
        land_all(loaded.url, stream)
        loaded.load(AS_OF)
        for learner in (learners[0], learners[-1]):
            land_events(loaded.url, make_events(2, user_id=learner))
        cohort = {UUID(learner) for learner in learners[:3]}
        with psycopg.connect(loaded.url) as owner, owner.cursor() as cursor:
            cursor.executemany(
                "insert into access.cohort_learners values (%s, %s)",
                [(name, learner) for learner in cohort for name in ("spring", "other")],
            )
        yield loaded, cohort


def see(session: psycopg.Connection) -> dict[str, set[UUID]]:
    """Learners by what the session may read; a table without learners is seen whole."""
    seen = {}
    for name, is_of_learners in session.execute(READABLE).fetchall():
        assert is_of_learners, f"{name} is of no learner and may be read"
        rows = session.execute(f"select distinct user_id from {name}".encode()).fetchall()
        seen[name] = {row[0] for row in rows}
    return seen


def test_limited_login_sees_its_cohort_in_every_mart_and_live_view(
    warehouse: tuple[Warehouse, set[UUID]],
) -> None:
    built, cohort = warehouse
    for turn in ("as it was built", "after its tables were replaced"):
        with limited(built, "spring") as session:
            seen = see(session)
            assert {"marts.study_sessions", "live.study_sessions", "live.learners_touched"} <= set(
                seen
            ), turn
            assert set().union(*seen.values()) == cohort, turn
            assert seen["marts.daily_user_stats"] == cohort
            assert seen["live.daily_user_stats"] == cohort
            for table in ("topic_daily_stats", "no_such_table"):
                with pytest.raises(
                    (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable)
                ):
                    session.execute(f"select * from marts.{table}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute("select * from access.cohort_learners")
        built.load(AS_OF, full_refresh=True)


def test_login_of_no_cohort_sees_nobody(warehouse: tuple[Warehouse, set[UUID]]) -> None:
    built, _ = warehouse
    with limited(built, "autumn") as session:
        assert set().union(*see(session).values()) == set()


def test_unlimited_login_sees_all_and_pays_nothing(
    warehouse: tuple[Warehouse, set[UUID]],
) -> None:
    built, cohort = warehouse
    with (
        making_login(built.url, Role.BI) as url,
        psycopg.connect(url, autocommit=True) as session,
        psycopg.connect(
            role_url(built.url, Role.TRANSFORM, application_name="test"), autocommit=True
        ) as owner,
    ):
        question = sql.SQL("select count(distinct user_id) from {}")
        for table in ("study_sessions", "daily_user_stats", "topic_mastery"):
            for schema in ("marts", "live"):
                asked = question.format(sql.Identifier(schema, table))
                count = session.execute(asked).fetchone()
                assert count == owner.execute(asked).fetchone()
                assert count is not None
                assert count[0] > len(cohort)
        # The same plan as the owner's, whom no policy binds: there is no filter to pay for.
        point = "explain select * from marts.daily_user_stats where user_id = gen_random_uuid()"
        assert session.execute(point).fetchall() == owner.execute(point).fetchall()
        # One more read of a table of logins, once a query, is all that the live views cost.
        plan = session.execute("explain select * from live.learners_touched").fetchall()
        assert "InitPlan" in str(plan)
