"""Learners named without naming them: keyed digests, of no use to who has not the key."""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

KEY_BYTES = 32

# As people and programs write one: PostgreSQL reads all of these, in braces too.
UUID_TEXT = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}(?![0-9a-f])",
    re.IGNORECASE,
)


class Purpose(StrEnum):
    """What a digest is for. Those of one learner for two purposes cannot be matched."""

    AUDIT = "audit"
    SUPPRESSION = "suppression"


@dataclass(frozen=True)
class Pseudonyms:
    """Digests by the keys of one installation: the first makes them, all of them find them.

    Without a key a digest tells nothing: not even whether a learner whose id is known is meant.
    Raises ValueError for a key of another length than 32 bytes, or for none at all.
    """

    keys: Sequence[bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.keys or any(len(key) != KEY_BYTES for key in self.keys):
            raise ValueError(
                f"a key of pseudonyms has {KEY_BYTES} bytes, and there is at least one"
            )

    @property
    def fingerprints(self) -> list[bytes]:
        """What tells each key from others (16 bytes), and nothing of what it is."""
        return [hmac.digest(key, b"fingerprint", sha256)[:16] for key in self.keys]

    def make(self, learner: UUID, purpose: Purpose) -> bytes:
        """The learner's digest (32 bytes) by the current key."""
        return _digest(self.keys[0], learner, purpose)

    def all(self, learner: UUID, purpose: Purpose) -> list[bytes]:
        """The learner's digests by every key: one made before a change of keys is found too."""
        return [_digest(key, learner, purpose) for key in self.keys]

    def name(self, learner: UUID) -> str:
        """What stands for the learner in the audit: `learner:` and 32 hexadecimal digits."""
        return _name(self.make(learner, Purpose.AUDIT))

    def names(self, learner: UUID) -> list[str]:
        """All that may stand for the learner in the audit, by every key."""
        return [_name(digest) for digest in self.all(learner, Purpose.AUDIT)]

    def hide(self, text: str) -> str:
        """The text with what stands for it in the place of each UUID, whatever it names.

        Whether one is a learner's, a session's or an event's cannot be told from it.
        """
        return UUID_TEXT.sub(lambda found: self.name(UUID(found[0])), text)


def _digest(key: bytes, learner: UUID, purpose: Purpose) -> bytes:
    return hmac.digest(key, b"%s:%s" % (purpose.encode(), learner.bytes), sha256)


def _name(digest: bytes) -> str:
    return f"learner:{digest[:16].hex()}"
