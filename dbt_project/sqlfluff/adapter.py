"""What stands in for dbt's `adapter` when sqlfluff reads the models without dbt."""

from collections.abc import Callable


def dispatch(macro_name: str, _namespace: str | None = None) -> Callable[..., str]:
    """Give, for any macro an engine brings its own of, a call of a function with its name.

    The linter then sees an expression of the right shape; what the macro really writes is
    judged by the tests that run it.
    """

    def write_call(*arguments: object) -> str:
        return f"{macro_name}({', '.join(map(str, arguments))})"

    return write_call
