"""Expectations of our own, for Great Expectations to count with.

Importing this imports Great Expectations, which takes seconds: only what runs checks may.
"""

from typing import Any, ClassVar

import sqlalchemy as sa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.execution_engine.sqlalchemy_execution_engine import (
    SqlAlchemyExecutionEngine,
)
from great_expectations.expectations.core.unexpected_rows_expectation import (
    UnexpectedRowsExpectation,
)
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

COUNT_WHERE = "table.row_count_where"
ROW_COUNT = "table.row_count"


class RowCountWhere(TableMetricProvider):
    """How many rows meet a condition.

    An aggregate, so that Great Expectations asks for those of all conditions, and of its own
    expectations, in one query: one reading of the table, however many facts are checked of it.
    """

    metric_name = COUNT_WHERE
    value_keys = ("condition",)

    @metric_partial(  # type: ignore[untyped-decorator,unused-ignore] # of a library
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _sqlalchemy(
        cls,  # noqa: N805
        execution_engine: SqlAlchemyExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> Any:
        # Not `sa.text`, which takes the classes of regular expressions for parameters.
        condition = sa.literal_column(f"({metric_value_kwargs['condition']})", sa.Boolean)
        return sa.func.count().filter(condition), metric_domain_kwargs, {}


class ExpectNoRowWhere(BatchExpectation):
    """Expect that no row meets a SQL condition."""

    condition: str

    metric_dependencies: ClassVar[tuple[str, ...]] = (COUNT_WHERE, ROW_COUNT)
    success_keys: ClassVar[tuple[str, ...]] = ("condition",)
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "row_condition", "condition_parser")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,
    ) -> dict[str, Any]:
        found = metrics[COUNT_WHERE]
        return {
            "success": found == 0,
            "result": {"observed_value": found, "element_count": metrics[ROW_COUNT]},
        }


class ExpectNoRowFrom(UnexpectedRowsExpectation):
    """Expect that a query returns no row, by counting alone.

    The class above it runs the query a second time for its rows, which a healthy table has not.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count", ROW_COUNT)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,
    ) -> dict[str, Any]:
        found = metrics["unexpected_rows_query.row_count"]
        return {
            "success": found == 0,
            "result": {"observed_value": found, "element_count": metrics[ROW_COUNT]},
        }
