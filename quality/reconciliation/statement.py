"""What a reconciliation is: two queries that must agree, declared as data."""

from dataclasses import dataclass
from enum import StrEnum
from typing import LiteralString


class Relation(StrEnum):
    """How the amounts of a key must stand to each other."""

    EQUAL = "equals"
    AT_MOST = "is at most"


@dataclass(frozen=True)
class Reconciliation:
    """Two queries with the columns `key` and `amount`; a key that one does not have is 0 there.

    They may read `counted_events`, `answer_events` and `counted_attempts`, which
    `quality/reconciler.py` makes beforehand.
    """

    name: str
    description: str
    table: str
    left: LiteralString
    right: LiteralString
    relation: Relation = Relation.EQUAL
    schema: str = "marts"
