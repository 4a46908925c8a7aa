"""The application itself, and how its errors reach the operator: in one line."""

import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn

import typer
from rich.console import Console
from typer.core import TyperGroup
from typer.exceptions import TyperException

from orchestration.cli.failure import explain

WORK_FAILED = 1
WRONG_USAGE = 2

out = Console(highlight=False, soft_wrap=True)
# Beside, not among the results: `study psql | ...` and the like stay clean.
err = Console(stderr=True, highlight=False, soft_wrap=True)


class StudyGroup(TyperGroup):
    """Exit codes: 0 ok, 1 the work failed, 2 wrong usage. An error is one line on stderr."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run a command and exit with its code."""
        try:
            signal.signal(signal.SIGTERM, _leave)
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except TyperException as error:
            context = getattr(error, "ctx", None)
            command = context.command_path if context else "study"
            message = error.format_message().rstrip(".")
            # Wrong usage that says nothing is no arguments at all: the help was shown already.
            _fail(f"{message}. See `{command} --help`." if message else "", error.exit_code)
        except typer.Abort:
            _fail("stopped: nothing more was done", WORK_FAILED)
        except Exception as error:
            line = explain(error)
            if line is None:
                raise
            _fail(line, WORK_FAILED)
        sys.exit(code if isinstance(code, int) else 0)


def _leave(number: int, _: FrameType | None) -> NoReturn:
    # Unwinds the stack, so that what a command has started (a database, a service) is stopped.
    sys.exit(128 + number)


def _fail(line: str, code: int) -> NoReturn:
    if line:
        err.print(line, markup=False, style="red")
    sys.exit(code)


app = typer.Typer(
    cls=StudyGroup,
    help="Study events in, exact marts out.",
    epilog="Start with: study up",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
