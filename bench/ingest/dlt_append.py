"""What the peer runs, in an environment of its own: dlt appends a file of events to PostgreSQL.

`python dlt_append.py FILE URL MODE`; prints the rows loaded. Modes:

- `defaults`: the lines as they are, all else left to dlt.
- `pages`: what dlt's own guide to performance asks for: pages instead of rows, its fastest JSON
  parser, properties kept whole, CSV by COPY instead of inserts, files and workers for all cores.
- `arrow`: the same with tables of Arrow instead of objects, which go round dlt's normalisation.
"""

import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

_PAGE = 5_000
_FAST = {
    "DATA_WRITER__FILE_MAX_ITEMS": "50000",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "10000",
    "NORMALIZE__WORKERS": "2",
    "LOAD__WORKERS": "4",
}


def main(file: Path, url: str, mode: str) -> int:
    """Append the file's events to the table `events` of schema `dlt_MODE`; returns its rows."""
    if mode != "defaults":
        os.environ.update(_FAST)
    import dlt  # type: ignore[import-not-found]  # noqa: PLC0415 (reads the environment)

    pages = {"defaults": _read_lines, "pages": _read_pages, "arrow": _read_tables}[mode]
    columns = {"properties": {"data_type": "json"}} if mode != "defaults" else {}
    events = dlt.resource(pages(file), name="events", columns=columns)
    pipeline = dlt.pipeline(
        f"bench_{mode}",
        destination=dlt.destinations.postgres(url),
        dataset_name=f"dlt_{mode}",
        pipelines_dir=str(file.with_name("dlt_pipelines")),
    )
    how = {} if mode == "defaults" else {"loader_file_format": "csv"}
    pipeline.run(events, write_disposition="append", **how).raise_on_failed_jobs()
    with pipeline.sql_client() as client:
        return int(client.execute_sql("select count(*) from events")[0][0])


def _read_lines(file: Path) -> Iterator[dict[str, Any]]:
    from dlt.common import json  # type: ignore[import-not-found]  # noqa: PLC0415

    with file.open("rb") as lines:
        yield from map(json.loadb, lines)


def _read_pages(file: Path) -> Iterator[list[dict[str, Any]]]:
    events = _read_lines(file)
    while page := list(islice(events, _PAGE)):
        yield page


def _read_tables(file: Path) -> Iterator[Any]:
    import pyarrow as pa  # noqa: PLC0415
    from dlt.common import json  # noqa: PLC0415

    names = ["event_id", "event_type", "user_id", "session_id", "occurred_at", "material_id"]
    names += ["chunk_id", "question_id", "topic_id"]
    for page in _read_pages(file):
        columns = {name: [event.get(name) for event in page] for name in names}
        columns["properties"] = [json.dumps(event.get("properties")) for event in page]
        yield pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])}\n")
