"""What names a learner: the id in every spelling, and ids that are the learner's alone."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from mmap import mmap
from uuid import UUID

from ingestion.privacy.pseudonyms import UUID_TEXT

_UUID_BYTES = re.compile(UUID_TEXT.pattern.encode(), re.IGNORECASE)
_DIGIT = re.compile(rb"[0-9a-f]", re.IGNORECASE)


@dataclass(frozen=True)
class Finder:
    """Finds ids in bytes, in one pass however many they are."""

    digits: frozenset[bytes]

    def find(self, text: bytes | mmap) -> list[tuple[int, int]]:
        """Where they stand: [first, end) of each."""
        return [found.span() for found in _UUID_BYTES.finditer(text) if self._is_one(found[0])]

    def hide(self, text: bytes) -> bytes:
        """The text with zeros for their digits: as long as it was."""
        return _UUID_BYTES.sub(
            lambda found: zeros(found[0]) if self._is_one(found[0]) else found[0], text
        )

    def _is_one(self, text: bytes) -> bool:
        return text.replace(b"-", b"").lower() in self.digits


@dataclass(frozen=True)
class Identity:
    """A learner and the ids of sessions and events that nobody else has a part in."""

    learner: UUID
    own_ids: Collection[str]

    @property
    def ids(self) -> list[str]:
        """All of them as PostgreSQL writes them, the learner's first."""
        return [str(self.learner), *sorted(filter(_is_uuid, self.own_ids))]

    def finder(self) -> Finder:
        """What finds them in files."""
        return Finder(frozenset(each.replace("-", "").lower().encode() for each in self.ids))


def zeros(text: bytes) -> bytes:
    """An id with zeros for its digits."""
    return _DIGIT.sub(b"0", text)


def _is_uuid(text: str) -> bool:
    return UUID_TEXT.fullmatch(text) is not None
