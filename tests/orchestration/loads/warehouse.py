"""A small warehouse in which a load is done by hand, as dbt would do it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import psycopg
from psycopg import sql

from ingestion.store.database import Role, role_url
from orchestration.landing import land_events
from orchestration.loads import Load, Model, open_load
from tests.orchestration.conftest import make_events

AS_OF = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)

# sessions -> days -> weeks, and attempts beside them
MODELS = {
    "sessions": Model("intermediate", "s1"),
    "days": Model("marts", "d1", frozenset({"sessions"})),
    "weeks": Model("marts", "w1", frozenset({"days"})),
    "attempts": Model("marts", "a1"),
}


def redefine(name: str) -> dict[str, Model]:
    """The models with the definition of one changed, and so the digests of all below it."""
    below = {"sessions": ["days", "weeks"], "days": ["weeks"]}.get(name, [])
    return {
        each: replace(model, digest=f"{model.digest}+") if each in [name, *below] else model
        for each, model in MODELS.items()
    }


@dataclass(frozen=True)
class SmallWarehouse:
    """A migrated database, and how to do a model's part of a load in it."""

    url: str

    def connect(self, role: Role | None = None) -> psycopg.Connection:
        url = role_url(self.url, role, application_name="test") if role else self.url
        return psycopg.connect(url, autocommit=True)

    def ask(self, question: str) -> list[tuple[object, ...]]:
        with self.connect() as connection:
            return connection.execute(question.encode()).fetchall()

    def act(self, statement: str) -> None:
        with self.connect() as connection:
            connection.execute(statement.encode())

    def land(self, count: int) -> None:
        land_events(self.url, make_events(count))

    def build(self, load: Load, names: Iterable[str] = MODELS, *, changed: int = 0) -> None:
        """Build models of a load: each logs `changed` keys, or none where it is built whole."""
        for name in names:
            self._build(load, name, changed)

    def _build(self, load: Load, name: str, changed: int) -> None:
        table = sql.Identifier(load.models[name].schema, name)
        log = sql.Identifier("changes", name)
        with self.connect(Role.TRANSFORM) as connection, connection.transaction():
            ((step,),) = connection.execute("select nextval('ops.steps')").fetchall()
            for made, columns in ((table, "key integer"), (log, "step bigint, key integer")):
                connection.execute(
                    sql.SQL("create table if not exists {} ({})").format(made, sql.SQL(columns))
                )
            if name not in load.refresh:
                for key in range(changed):
                    connection.execute(
                        sql.SQL("insert into {} values (%s, %s)").format(log), (step, key)
                    )
            told = load.dbt_vars()["load"]
            connection.execute(
                "insert into ops.model_states"
                " (model, step, load_id, to_xid, as_of, digest, rows_removed, rows_added)"
                " values (%s, %s, %s, %s, %s, %s, 0, %s) on conflict (model) do update set"
                " step = excluded.step, load_id = excluded.load_id, to_xid = excluded.to_xid,"
                " as_of = excluded.as_of, digest = excluded.digest,"
                " rows_removed = excluded.rows_removed, rows_added = excluded.rows_added",
                (
                    *(name, step, told["load_id"], told["to_xid"], load.as_of),
                    *(told["digests"][name], changed),
                ),
            )


@contextmanager
def dying_load(warehouse: SmallWarehouse) -> Iterator[Load]:
    """A load that fails at the end of the block."""
    with (
        suppress(InterruptedError),
        open_load(warehouse.url, as_of=AS_OF, models=MODELS) as load,
    ):
        yield load
        raise InterruptedError("died")
