"""A learner in the files of the home: logs, what runs have left, streams of events."""

import gzip
import mmap
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from ingestion.store.log import LOG_FOLDER
from orchestration.erasure.identity import Finder

_SQLITE = b"SQLite format 3\0"
_SQLITE_SECONDS = 60.0


def find_in_files(home: Path, finder: Finder) -> dict[str, int]:
    """How often ids stand in each file of a home, by its path below it."""
    found = {}
    for path in _files(home):
        count = _count(path, finder)
        if count:
            found[str(path.relative_to(home))] = count
    return found


def sweep_files(home: Path, finder: Finder) -> dict[str, int]:
    """Take ids out of the files of a home; returns how often they stood in each.

    Their digits become zeros where they stand, so that whoever writes the file at this moment is
    not disturbed. Of streams of events (`.ndjson`) the lines go, for they could be landed again.
    """
    found = find_in_files(home, finder)
    for name in found:
        path = home / name
        if ".ndjson" in path.suffixes:
            _drop_lines(path, finder)
        elif path.suffix == ".gz":
            _write_anew(path, gzip.compress(finder.hide(_read(path))))
        elif _is_sqlite(path):
            _hide_in_sqlite(path, finder)
        else:
            _hide_in_place(path, finder)
    return found


def _files(home: Path) -> Iterator[Path]:
    """All but the database's own, whose rows are tables' and which only the server may write."""
    for path in sorted(home.rglob("*")):
        below = path.relative_to(home).parts
        is_servers = below[0].startswith("postgres") and below[:2] != ("postgres", LOG_FOLDER)
        if not is_servers and path.is_file() and not path.is_symlink() and path.stat().st_size:
            yield path


def _count(path: Path, finder: Finder) -> int:
    if path.suffix == ".gz":
        return len(finder.find(_read(path)))
    # A log may be larger than the memory.
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
    ):
        return len(finder.find(mapped))


def _read(path: Path) -> bytes:
    if path.suffix == ".gz":
        with gzip.open(path) as file:
            return file.read()
    return path.read_bytes()


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _drop_lines(path: Path, finder: Finder) -> None:
    kept = b"".join(line for line in _read(path).splitlines(keepends=True) if not finder.find(line))
    _write_anew(path, gzip.compress(kept) if path.suffix == ".gz" else kept)


def _write_anew(path: Path, content: bytes) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(content)
    fresh.chmod(path.stat().st_mode)
    fresh.replace(path)


def _hide_in_place(path: Path, finder: Finder) -> None:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        for first, end in finder.find(mapped):
            mapped[first:end] = finder.hide(mapped[first:end])
        mapped.flush()


def _hide_in_sqlite(path: Path, finder: Finder) -> None:
    """Row by row, and then the file written anew: what was overwritten lies in it otherwise."""

    def hide(value: str | bytes | float | None) -> str | bytes | float | None:
        match value:
            case str():
                return finder.hide(value.encode()).decode()
            case bytes():
                return finder.hide(value)
            case _:
                return value

    with closing(sqlite3.connect(path, timeout=_SQLITE_SECONDS)) as database:
        database.create_function("hide", 1, hide, deterministic=True)
        names = database.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (table,) in names:
            for column in database.execute("select name from pragma_table_info(?)", (table,)):
                named = {"t": _quote(table), "c": _quote(column[0])}
                statement = "update {t} set {c} = hide({c}) where {c} <> hide({c})"
                database.execute(statement.format(**named))
        database.commit()
        database.execute("vacuum")
        database.execute("pragma wal_checkpoint(truncate)")


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
