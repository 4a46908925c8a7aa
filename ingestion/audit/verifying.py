"""Whether the chain of accesses is as it was written, and where it is not."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from ingestion.audit.entry import NOTHING_BEFORE, digest_entry

_ROWS = "select * from audit.data_access where access_id > %s order by access_id"
_AT_ONCE = 5_000


@dataclass(frozen=True)
class Fault:
    """A place where the chain is not as it was written, in words."""

    access_id: int
    text: str


@dataclass(frozen=True)
class Verified:
    """What was looked at: the rows, the digest of the last, the anchors, and every fault."""

    rows: int
    head: str
    anchors: int
    faults: list[Fault]


def verify(
    connection: psycopg.Connection[Any], anchors: Path | None = None, *, only_new: bool = False
) -> Verified:
    """Go through the chain; any role that may read `audit.data_access` can.

    A row that was changed, removed, added or moved is named. That the last rows were removed, or
    all rows after some were written anew, the chain cannot tell by itself: `anchors` can, a file
    outside of the database (`write_anchor`). `only_new`: from the last anchor on.
    """
    noted = read_anchors(anchors) if anchors else {}
    faults: list[Fault] = []
    number, previous = 0, NOTHING_BEFORE
    if only_new and noted:
        number = max(noted)
        previous, noted = bytes.fromhex(noted[number]), {}
    anchored_rows = len(noted)
    with connection.transaction(), connection.cursor("chain", row_factory=dict_row) as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(_ROWS, (number,))
        for row in cursor:
            faults += _compare(row, number, previous)
            anchored = noted.pop(row["access_id"], None)
            if anchored is not None and anchored != bytes(row["digest"]).hex():
                faults.append(Fault(row["access_id"], "has another digest than was noted down"))
            number, previous = row["access_id"], bytes(row["digest"])
    faults += [Fault(lost, "was noted down and is not there any more") for lost in sorted(noted)]
    return Verified(number, previous.hex(), anchored_rows, faults)


def write_anchor(connection: psycopg.Connection[Any], anchors: Path) -> str | None:
    """Note the last row's digest down in a file outside of the database; returns the line written.

    None where nothing was added since. Keep copies where who may write the database may not.
    """
    row = connection.execute(
        "select access_id, digest, recorded_at from audit.data_access"
        " order by access_id desc limit 1"
    ).fetchone()
    if row is None or row[0] in read_anchors(anchors):
        return None
    told = {"access_id": row[0], "digest": bytes(row[1]).hex(), "recorded_at": row[2].isoformat()}
    line = json.dumps(told)
    anchors.parent.mkdir(parents=True, exist_ok=True)
    with anchors.open("a") as file:
        file.write(line + "\n")
    return line


def read_anchors(anchors: Path) -> dict[int, str]:
    """Digests noted down, by row."""
    if not anchors.exists():
        return {}
    lines = [json.loads(line) for line in anchors.read_text().splitlines() if line.strip()]
    return {int(line["access_id"]): str(line["digest"]) for line in lines}


def _compare(row: Mapping[str, Any], number: int, previous: bytes) -> Iterator[Fault]:
    here = int(row["access_id"])
    link, digest = bytes(row["previous"]), bytes(row["digest"])
    if here != number + 1:
        lost = f"{number + 1}" if here == number + 2 else f"{number + 1} to {here - 1}"
        yield Fault(number + 1, f"is missing ({lost})")
    elif link != previous:
        yield Fault(here, "does not follow the row before it: one of them was put there or moved")
    if digest_entry(link, row) != digest:
        yield Fault(here, "was changed")
