"""The sum of many batches' verdicts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

STORED = ("accepted", "duplicate")


@dataclass
class Tally:
    """How many events met which fate, and for those not stored, why.

    `statuses` counts accepted, duplicate, rejected and conflict; `codes` counts the reasons, and
    `examples` keeps the first field and message seen of each.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Events judged."""
        return self.statuses.total()

    @property
    def refused(self) -> int:
        """Events that were not stored."""
        return self.total - sum(self.statuses[status] for status in STORED)

    def add(self, verdicts: Iterable[tuple[str, str | None, str | None, str | None]]) -> None:
        """Count verdicts, each (status, code, path of the field at fault, message)."""
        for status, code, path, message in verdicts:
            self.statuses[status] += 1
            if code is not None:
                self.codes[code] += 1
                self.examples.setdefault(code, " ".join(filter(None, (path, message))))
