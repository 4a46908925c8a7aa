"""What the guard looks for, and how one find is put."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of personal data. A text shows `[kind]` where one of them was."""

    EMAIL = "email"
    PHONE = "phone"
    NATIONAL_ID = "national_id"
    MRN = "mrn"
    CARD = "card"
    IBAN = "iban"
    IP = "ip"
    CREDENTIALS = "credentials"
    BIRTH_DATE = "birth_date"
    ADDRESS = "address"
    NAME = "name"

    @property
    def token(self) -> str:
        """What stands in a text instead of the data."""
        return f"[{self.value}]"


@dataclass(frozen=True, slots=True)
class Finding:
    """A stretch of a text, `text[start:end]`, that is personal data."""

    start: int
    end: int
    kind: Kind


TOKEN = re.compile(r"\[(?:" + "|".join(kind.value for kind in Kind) + r")\]")
