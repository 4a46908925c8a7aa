"""What the server wrote into its logs."""

import json
from collections.abc import Iterator
from pathlib import Path

from ingestion.store.errors import one_line

LOG_FOLDER = "pg_log"
_TAIL_BYTES = 256 * 1024


def startup_log(home: Path) -> Path:
    """What the server says before its own log is open."""
    return home / "postgres.startup.log"


def read_last_words(home: Path, data: Path, pid: int) -> str:
    """Why the server of that process number ended, in one line."""
    said = startup_log(home)
    before = said.read_text(errors="replace")[-500:] if said.exists() else ""
    return one_line(_find_end(data, pid) or before) or "it said nothing"


def _find_end(data: Path, pid: int) -> str | None:
    end = None
    for record in _read_backwards(data):
        if end is None and record.get("error_severity") in ("FATAL", "PANIC"):
            end = str(record.get("message"))
        if record.get("pid") == pid and record.get("line_num") == 1:
            return end
    # it ended before its log was open: all of this another server said
    return None


def _read_backwards(data: Path) -> Iterator[dict[str, object]]:
    # files are named by day: the last is the newest
    for path in sorted((data / LOG_FOLDER).glob("*.json"))[-1:]:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
        for line in reversed(lines):
            try:
                yield json.loads(line)
            except ValueError:
                continue  # the first may be cut by the tail, the last by the end
