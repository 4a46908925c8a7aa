"""Rows of a CSV file, good and bad: one bad row must not hide those after it."""

import csv
from collections.abc import Iterable, Iterator

Row = dict[str, str]


def find_missing_columns(header: Iterable[str] | None, needed: Iterable[str]) -> str:
    """Name the columns a header lacks, joined by commas; empty where it lacks none."""
    present = set(header or ())
    return ", ".join(name for name in needed if name not in present)


def read_rows(lines: Iterable[str]) -> Iterator[Row | str]:
    """Yield each row under the header, absent fields as "", or what is wrong with the row."""
    rows = csv.DictReader(lines, restval="")
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield f"malformed row: {error}"
            continue
        if row is None:
            return
        # DictReader keeps fields past the header under None.
        yield "malformed row: too many fields" if None in row else row
