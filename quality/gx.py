"""The door to Great Expectations: imported late, told to be quiet, given the database."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

if TYPE_CHECKING:
    from types import ModuleType

    from great_expectations.data_context.data_context.abstract_data_context import (
        AbstractDataContext,
    )
    from great_expectations.datasource.fluent.postgres_datasource import PostgresDatasource

SCHEMA = "marts"


def import_gx() -> ModuleType:
    """Import Great Expectations. The first time takes seconds, later ones nothing."""
    # Commands and definitions that merely name the checks start without it. On the way it imports
    # a module that Python deprecates, which is not ours to mend and would stop whoever treats
    # warnings as errors.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations  # noqa: PLC0415

        return great_expectations


def open_context() -> AbstractDataContext:
    """Make a context that is kept nowhere, tells nobody and prints nothing."""
    context: AbstractDataContext = import_gx().get_context(mode="ephemeral")
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    # Nothing about anybody's data leaves the machine, and nothing waits for a closed network.
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


@contextmanager
def open_datasource(url: str) -> Iterator[PostgresDatasource]:
    """Give Great Expectations a database, for the length of the block.

    Raises ValueError for a URL without a host.
    """
    datasource = open_context().data_sources.add_postgres(
        "study",
        connection_string=_sqlalchemy_url(url),
        create_temp_table=False,
        # In one transaction the first query that fails would take the checks after it with it.
        kwargs={"isolation_level": "AUTOCOMMIT"},  # type: ignore[call-arg] # missing in its stub
    )
    try:
        yield datasource
    finally:
        datasource.get_execution_engine().engine.dispose()
        datasource.get_engine().dispose()


def _sqlalchemy_url(url: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(
            "the checks need a host in the database's URL (Great Expectations refuses one without);"
            " write 127.0.0.1 for a server on this machine"
        )
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    # Numbering the attempts of a million rows sorts them: with the server's default, on disk.
    options = f"{settings.get('options', '')} -c search_path={SCHEMA} -c work_mem=128MB"
    settings["options"] = options.strip()
    # libpq reads %20 as a space but + as a plus.
    parts = parts._replace(scheme="postgresql+psycopg", query=urlencode(settings, quote_via=quote))
    # A dollar sign would be taken for the name of an environment variable.
    return urlunsplit(parts).replace("$", "%24")
