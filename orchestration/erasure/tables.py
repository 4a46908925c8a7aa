"""A learner in the tables: where they are, and taking them out of what no load computes again."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from orchestration.erasure.identity import Identity

# What the landing code erases, what a load computes again, and what holds pseudonyms only.
_NOT_SWEPT = ("raw", "staging", "intermediate", "marts", "live", "audit")

# Without it no load would know any more what it still has to compute again.
_TO_COMPUTE = "ops.erased_events"

# Every table anybody has made here, whoever owns it. Of what is partitioned, the partitions.
_TABLES = """
select
    tables.oid::regclass::text,
    coalesce((
        select parents.inhparent::regclass::text from pg_inherits as parents
        where parents.inhrelid = tables.oid
    ), tables.oid::regclass::text),
    schemas.nspname,
    tables.relname
from pg_class as tables
inner join pg_namespace as schemas on schemas.oid = tables.relnamespace
where
    tables.relkind in ('r', 'm')
    and tables.relpersistence <> 't'
    and schemas.nspname !~ '^pg_'
    and schemas.nspname <> 'information_schema'
order by 1
"""

_COLUMNS = """
select attname, format_type(atttypid, null)
from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''
"""
_TEXTS = frozenset(
    {"text", "character varying", "character", "json", "jsonb", "name", "text[]", "uuid[]"}
    | {"character varying[]", "jsonb[]", "json[]", "xml"}
)

_HIDE = """
create or replace function pg_temp.hide(told text) returns text language plpgsql as $hide$
declare
    found record;
begin
    for found in
        select own.id, own.zeros
        from regexp_matches(lower(told), '{uuid}', 'g') as matched (id)
        inner join pg_temp.own_ids as own on own.id = matched.id[1]
    loop
        told := regexp_replace(told, found.id, found.zeros, 'gi');
    end loop;
    return told;
end
$hide$
"""
_PREPARE = (
    "create temporary table if not exists own_ids (id text primary key, zeros text not null)",
    "truncate pg_temp.own_ids",
    _HIDE,
)
_UUID = "[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"
_SAMPLED = """
select distinct whole.table_name
from (
    select
        format('%I.%I', schemaname, tablename) as table_name,
        concat(most_common_vals, histogram_bounds) as samples
    from pg_stats
    where schemaname not in ('pg_catalog', 'information_schema')
) as whole
where {holds}
"""
_HOLDS = """
exists (
    select from regexp_matches(lower({whole}::text), {uuid}, 'g') as matched (id)
    inner join pg_temp.own_ids as own on own.id = matched.id[1]
)
"""


def prepare(connection: psycopg.Connection[Any], identity: Identity) -> None:
    """Tell a session whom to look for. It is the owner's, and in autocommit."""
    for statement in _PREPARE:
        connection.execute(statement.replace("{uuid}", _UUID).encode())
    rows = [(form, _zeros(form)) for id_ in identity.ids for form in (id_, id_.replace("-", ""))]
    with connection.cursor() as cursor:
        cursor.executemany("insert into pg_temp.own_ids values (%s, %s)", rows)


def find_in_tables(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Rows that hold one of the ids anywhere, by table; those without any are left out.

    Reads every row of every table: minutes where there are hundreds of millions.
    """
    found: dict[str, int] = {}
    for _, shown, schema, name in connection.execute(_TABLES).fetchall():
        query = sql.SQL("select count(*) from {table} as whole where {holds}").format(
            table=sql.Identifier(schema, name), holds=_holds()
        )
        row = connection.execute(query).fetchone()
        if row and row[0]:
            found[shown] = found.get(shown, 0) + int(row[0])
    return found


def sweep_tables(connection: psycopg.Connection[Any]) -> Mapping[str, int]:
    """Take the ids out of tables that no load computes again; returns the rows of each.

    A row of which an id is a column goes, of texts the ids' digits become zeros.
    """
    swept = {}
    for shown, _, schema, name in connection.execute(_TABLES).fetchall():
        if schema in _NOT_SWEPT or shown == _TO_COMPUTE:
            continue
        table = sql.Identifier(schema, name)
        columns = connection.execute(_COLUMNS, (shown,)).fetchall()
        rows = _delete(connection, table, [column for column, kind in columns if kind == "uuid"])
        rows += _hide(connection, table, {c: kind for c, kind in columns if kind in _TEXTS})
        if rows:
            swept[shown] = rows
    return swept


def clear_statistics(connection: psycopg.Connection[Any]) -> None:
    """Take the ids out of PostgreSQL's statistics, which hold samples of what columns held.

    Of a table that has become empty no `analyze` replaces them. That takes a superuser; another
    owner's stay until rows come again.
    """
    query = sql.SQL(_SAMPLED).format(holds=_holds())
    for (table,) in connection.execute(query).fetchall():
        try:
            connection.execute("delete from pg_statistic where starelid = %s::regclass", (table,))
        except psycopg.errors.InsufficientPrivilege:
            return


def _delete(connection: psycopg.Connection[Any], table: sql.Identifier, ids: list[str]) -> int:
    if not ids:
        return 0
    condition = sql.SQL(" or ").join(
        sql.SQL("exists (select from pg_temp.own_ids where own_ids.id = whole.{}::text)").format(
            sql.Identifier(column)
        )
        for column in ids
    )
    statement = sql.SQL("delete from {} as whole where {}").format(table, condition)
    return connection.execute(statement).rowcount


def _hide(
    connection: psycopg.Connection[Any], table: sql.Identifier, texts: Mapping[str, str]
) -> int:
    if not texts:
        return 0
    changes = sql.SQL(", ").join(
        sql.SQL("{column} = pg_temp.hide({column}::text)::{kind}").format(
            column=sql.Identifier(column), kind=sql.SQL(kind)
        )
        for column, kind in texts.items()
    )
    statement = sql.SQL("update {} as whole set {} where {}").format(table, changes, _holds())
    return connection.execute(statement).rowcount


def _holds() -> sql.Composed:
    return sql.SQL(_HOLDS).format(whole=sql.SQL("whole"), uuid=sql.Literal(_UUID))


def _zeros(text: str) -> str:
    return "".join("-" if each == "-" else "0" for each in text)
