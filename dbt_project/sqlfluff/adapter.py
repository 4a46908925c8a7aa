"""What stands in for dbt's `adapter` when sqlfluff reads the models without dbt."""

from collections.abc import Callable

STAND_IN = "engine_"


def dispatch(macro_name: str, _namespace: str | None = None) -> Callable[..., str]:
    """Give, for any macro an engine brings its own of, a call of a function named after it.

    The linter then sees an expression of the right shape, by a name that no engine has itself;
    what the macro really writes is judged by the tests that run it.
    """

    def write_call(*arguments: object) -> str:
        listed = [
            text for each in arguments for text in (each if isinstance(each, list) else [each])
        ]
        return f"{STAND_IN}{macro_name}({', '.join(map(str, listed))})"

    return write_call
