"""The raw log as assets. The ingestion service writes it; a run looks at it and provides room."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import dagster as dg
import psycopg
from psycopg import sql

from ingestion.store.partitions import make_coming_months
from orchestration.resources import Warehouse
from orchestration.translator import BUILT_NIGHTLY, OWNER

_COLUMNS = """
select attname, format_type(atttypid, atttypmod), not attnotnull, col_description(attrelid, attnum)
from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped
order by attnum
"""

_BYTES = """
select coalesce(sum(pg_total_relation_size(relid)), 0)
from pg_partition_tree(%s::regclass)
"""


@dg.definitions
def raw_defs() -> dg.Definitions:
    """The tables of schema `raw` that ingestion writes."""
    failed_events = watch_table(
        "failed_events",
        "Every event that was turned away, with the reason: rejected by the tracking plan, or in"
        " conflict with a stored event of the same id. One row per distinct reason and payload.",
    )
    landings = watch_table(
        "landings",
        "The books of ingestion: received, accepted, duplicate, rejected and conflicting events."
        " One row per transaction, written in it.",
    )
    assets = dg.with_source_code_references([study_events, failed_events, landings])
    return dg.Definitions(assets=assets)


@dg.asset(
    key=["raw", "study_events"],
    group_name="raw",
    kinds={"postgres"},
    owners=[OWNER],
    freshness_policy=BUILT_NIGHTLY,
    description="Every accepted event, once and for ever: append-only, partitioned by month."
    " A run makes the partitions of the months to come; the rows come from the ingestion service."
    " One row per event.",
)
def study_events(
    context: dg.AssetExecutionContext, warehouse: Warehouse
) -> dg.MaterializeResult[None]:
    """Open the coming months and record how much has landed."""
    with warehouse.retrying(context), psycopg.connect(warehouse.url) as owner:
        opened = make_coming_months(owner, datetime.now(UTC).date())
        metadata = measure_table(owner, "study_events")
    return dg.MaterializeResult(metadata={**metadata, "months_opened": opened})


def watch_table(table: str, description: str) -> dg.AssetsDefinition:
    """A table that ingestion alone writes: a run records how much is in it."""

    @dg.asset(
        key=["raw", table],
        group_name="raw",
        kinds={"postgres"},
        owners=[OWNER],
        freshness_policy=BUILT_NIGHTLY,
        description=description,
    )
    def watched(
        context: dg.AssetExecutionContext, warehouse: Warehouse
    ) -> dg.MaterializeResult[None]:
        with warehouse.retrying(context), psycopg.connect(warehouse.url) as owner:
            return dg.MaterializeResult(metadata=measure_table(owner, table))

    return watched


def measure_table(connection: psycopg.Connection, table: str) -> Mapping[str, Any]:
    """Rows, newest arrival and size of a table of schema `raw`, as asset metadata."""
    started = perf_counter()
    query = sql.SQL("select count(*), max(received_at) from raw.{}").format(sql.Identifier(table))
    rows, newest = connection.execute(query).fetchone() or (0, None)
    size = connection.execute(_BYTES, (f"raw.{table}",)).fetchone() or (0,)
    lag = (datetime.now(UTC) - newest).total_seconds() if newest else None
    return {
        "dagster/row_count": rows,
        "dagster/column_schema": dg.TableSchema(list(_columns(connection, table))),
        "bytes": int(size[0]),
        "measured_in_seconds": round(perf_counter() - started, 3),
        **({"newest_received_at": dg.MetadataValue.timestamp(newest)} if newest else {}),
        **({"seconds_since_newest_received": lag} if lag is not None else {}),
    }


def _columns(connection: psycopg.Connection, table: str) -> Iterator[dg.TableColumn]:
    for name, kind, nullable, described in connection.execute(_COLUMNS, (f"raw.{table}",)):
        constraints = dg.TableColumnConstraints(nullable=nullable)
        yield dg.TableColumn(name, kind, description=described, constraints=constraints)
