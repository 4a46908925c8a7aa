"""Logs: one JSON object a line on standard error, and nothing in them that anybody sent.

No payload, no key, no address, no path or query: what was asked is told by the name of the route.
An exception is told by its class and where it was raised: its message may quote what was sent.
"""

import logging
import logging.config
import os
import traceback
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
import structlog
from psycopg import Error
from structlog.typing import FilteringBoundLogger

from ingestion.api.settings import LogLevel

_STANDARD_ERROR = 2
_FRAMES = 12


class LineWriter:
    """Writes each line by one call of the system: workers share the file and must not mix.

    A log that cannot be written (its disk is full, its reader is gone) fails no request: the lines
    lost are counted, and told as soon as one can be written again.
    """

    def __init__(self, descriptor: int = _STANDARD_ERROR) -> None:
        self._descriptor = descriptor
        self._lost = 0

    def msg(self, line: bytes) -> None:
        """Write a line."""
        try:
            if self._lost:
                told = {"event": "log_lines_lost", "count": self._lost, "level": "warning"}
                os.write(self._descriptor, _encode(told) + b"\n")
                self._lost = 0
            os.write(self._descriptor, line + b"\n")
        except OSError:
            self._lost += 1

    debug = info = warning = error = critical = msg


def make_log(level: LogLevel) -> FilteringBoundLogger:
    """The service's own log, from this level on."""
    return cast(
        FilteringBoundLogger,
        structlog.wrap_logger(
            LineWriter(),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(serializer=_encode),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(level),
            cache_logger_on_first_use=True,
        ),
    )


def describe_exception(error: BaseException) -> dict[str, object]:
    """What may be told of an exception: its class, its SQLSTATE, the last places it passed."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    told: dict[str, object] = {
        "error": type(error).__name__,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, Error) and error.sqlstate:
        told["sqlstate"] = error.sqlstate
    return told


def log_libraries_alike(level: LogLevel) -> None:
    """Make the libraries (uvicorn, psycopg, asyncio) log in the same form. For whole processes."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": JsonFormatter}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"level": level.upper(), "handlers": ["stderr"]},
        }
    )


class JsonFormatter(logging.Formatter):
    """The libraries' messages as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """One line. Of an exception only what `describe_exception` tells."""
        told: dict[str, object] = {
            "event": record.getMessage().strip(),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            told |= describe_exception(record.exc_info[1])
        return _encode(told).decode()


def _encode(told: object, **_: Any) -> bytes:
    return msgspec.json.encode(told)
