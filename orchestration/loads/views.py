"""Which views a load finds as their definitions say, and has no need to make again."""

from collections.abc import Collection, Mapping
from typing import Any

import psycopg

from orchestration.loads.model import View

# Beside the views a table that was replaced and is still there: a run was killed before it could
# point every view at the new one.
_STANDING = """
select schemaname || '.' || viewname from pg_views where schemaname = any(%(schemas)s)
union all
select 'replaced' from pg_tables where right(tablename, length(%(suffix)s)) = %(suffix)s
"""
_REPLACED = "__replaced"  # macro replaced_suffix of the dbt project


def find_kept_views(
    connection: psycopg.Connection[Any], views: Mapping[str, View], refresh: Collection[str]
) -> frozenset[str]:
    """The views that are there, were made by the definition they have, and read no table of
    `refresh`: what is built whole is another table, and they would go on reading the old one.
    """
    schemas = sorted({view.relation.partition(".")[0] for view in views.values()})
    found = connection.execute(_STANDING, {"schemas": schemas, "suffix": _REPLACED}).fetchall()
    standing = {name for (name,) in found}
    if "replaced" in standing:
        return frozenset()
    digests = dict(connection.execute("select view, digest from ops.views").fetchall())
    return frozenset(
        name
        for name, view in views.items()
        if view.relation in standing
        and view.digest == digests.get(name)
        and view.upstream.isdisjoint(refresh)
    )
