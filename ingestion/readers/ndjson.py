"""Events as lines of JSON, plain or gzipped: read line by line, written whole or not at all."""

import gzip
import json
import os
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, NoReturn, cast

import msgspec

from ingestion.readers.errors import ReaderError

STANDARD_STREAM = "-"
_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# As much as the HTTP service takes in one request: a longer line cannot be an event.
LINE_BYTES_MAX = 4 * 1024 * 1024

_skim = msgspec.json.Decoder(msgspec.Raw).decode


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is not JSON, and why."""

    reason: str


def read_lines(source: str | Path) -> Iterator[tuple[int, object]]:
    """Yield (line number from 1, the line's JSON value, or a BadLine); blank lines are skipped.

    `source` is a file, plain or gzipped (told by its first bytes), or "-" for standard input. A bad
    line is the caller's to report: those after it are still read. Raises ReaderError at once for
    a file that cannot be opened, and later for a gzip that is damaged or cut off.
    """
    lines = _open(source)
    return (
        (number, line if isinstance(line, BadLine) else parse_line(line)) for number, line in lines
    )


def read_texts(source: str | Path) -> Iterator[tuple[int, bytes | BadLine]]:
    """The same, but each good line as it stands: to be read by whoever knows what it holds."""
    return ((number, _check(line)) for number, line in _open(source))


def _open(source: str | Path) -> Iterator[tuple[int, bytes | BadLine]]:
    name = "standard input" if str(source) == STANDARD_STREAM else str(source)
    with ExitStack() as stack:
        try:
            raw = (
                cast("BufferedReader", sys.stdin.buffer)
                if str(source) == STANDARD_STREAM
                else stack.enter_context(Path(source).open("rb"))
            )
            is_gzip = raw.peek(2).startswith(_GZIP_MAGIC)
        except OSError as error:
            raise ReaderError(f"{name} cannot be read: {error.strerror or error}") from error
        stream = stack.enter_context(gzip.open(raw, "rb")) if is_gzip else raw
        kept = stack.pop_all()
    return _read(kept, cast("BinaryIO", stream), name)


def _read(stack: ExitStack, stream: BinaryIO, name: str) -> Iterator[tuple[int, bytes | BadLine]]:
    number = 0
    with stack:
        while True:
            try:
                line, is_whole = _read_line(stream)
            except (EOFError, OSError, zlib.error) as error:
                raise ReaderError(
                    f"{name} breaks off after line {number}: {error}. Get a whole copy and read it"
                    " again: what was read already will be recognised."
                ) from error
            if not line:
                return
            number += 1
            if number == 1:
                line = line.removeprefix(_BYTE_ORDER_MARK)
            if not is_whole:
                yield number, BadLine(f"is longer than {LINE_BYTES_MAX:,} bytes")
            elif line.strip():
                yield number, line


def _read_line(stream: BinaryIO) -> tuple[bytes, bool]:
    """Read one line; of one that is too long, only the beginning is kept."""
    line = stream.readline(LINE_BYTES_MAX + 1)
    is_whole = len(line) <= LINE_BYTES_MAX or line.endswith(b"\n")
    rest = line
    while not is_whole and rest and not rest.endswith(b"\n"):
        rest = stream.readline(LINE_BYTES_MAX)
    return line, is_whole


def _check(line: bytes | BadLine) -> bytes | BadLine:
    """Walk over a line without making anything of it; what is not usual is read to be sure."""
    if isinstance(line, BadLine):
        return line
    try:
        if not line.isascii():
            line.decode()
        _skim(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        value = parse_line(line)
        return value if isinstance(value, BadLine) else line
    return line


def parse_line(line: bytes) -> object:
    """The JSON value of a line, or a BadLine."""
    try:
        value: object = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        return BadLine(f"is not UTF-8 (byte {error.start + 1})")
    except json.JSONDecodeError as error:
        return BadLine(f"is not JSON: {error.msg} (column {error.colno})")
    except ValueError as error:
        return BadLine(f"is not JSON: {error}")
    except RecursionError:
        return BadLine("is nested too deeply")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def write_events(target: str | Path, events: Iterable[Mapping[str, object]]) -> int:
    """Write one event a line and return how many; "-" is standard output, `.gz` is gzipped.

    A file appears under its name only when it is whole; the same events give the same bytes.
    Raises ReaderError when it cannot be written.
    """
    if str(target) == STANDARD_STREAM:
        try:
            return _write(sys.stdout.buffer, events)
        except OSError as error:
            raise ReaderError(f"standard output cannot be written: {error}") from error
    path = Path(target)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as zipped:
                    count = _write(cast("BinaryIO", zipped), events)
            else:
                count = _write(raw, events)
        part.replace(path)
    except OSError as error:
        raise ReaderError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return count


def _write(stream: BinaryIO, events: Iterable[Mapping[str, object]]) -> int:
    count = 0
    for event in events:
        text = json.dumps(event, separators=(",", ":"), allow_nan=False)
        stream.write(text.encode() + b"\n")
        count += 1
    stream.flush()
    return count
