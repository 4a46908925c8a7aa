"""What a reconciliation is: two queries that must agree, declared as data."""

from dataclasses import dataclass
from enum import StrEnum
from typing import LiteralString


class Relation(StrEnum):
    """How the amounts of a key must stand to each other."""

    EQUAL = "equals"
    AT_MOST = "is at most"
    AT_LEAST = "is at least"


@dataclass(frozen=True)
class Reconciliation:
    """Two queries with the columns of a key and amounts; a key that one does not have is 0 there.

    `amounts`: the column of the left query, and the one of the right that it is compared with.
    Those of the same two queries are asked at once. They may read `counted_events` and
    `counted_attempts`, which `quality/reconciler.py` makes beforehand.
    """

    name: str
    description: str
    table: str
    left: LiteralString
    right: LiteralString
    relation: Relation = Relation.EQUAL
    schema: str = "marts"
    key: tuple[str, ...] = ("key",)
    amounts: tuple[str, str] = ("amount", "amount")
