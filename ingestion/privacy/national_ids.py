"""National ids, health insurance numbers and passports.

A number whose layout and check digits are its own is taken wherever it stands; one that could as
well be something else only where the words before it say what it is, and then whatever its check
digits: a mistyped number still points at somebody.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from stdnum import luhn
from stdnum.be import nn
from stdnum.ch import ssn as ahv
from stdnum.cl import rut
from stdnum.cn import ric
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.in_ import aadhaar, pan
from stdnum.kr import rrn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.za import idnr as south_african

from ingestion.privacy.finding import Finding, Kind
from ingestion.privacy.runs import Stretch

Verdict = Callable[[str], bool]


def _numbers(*rows: tuple[str, Verdict | None]) -> dict[str, list[Verdict | None]]:
    by_layout: dict[str, list[Verdict | None]] = {}
    for layouts, is_valid in rows:
        for layout in layouts.split(","):
            by_layout.setdefault(layout, []).append(is_valid)
    return by_layout


def _is_us_spaced(text: str) -> bool:
    digits = text.replace(" ", "")
    return digits[:3] not in ("000", "666") and digits[3:5] != "00" and digits[5:] != "0000"


# Layouts that are nothing else than the id, or become so by a check of dates and digits.
_BY_LAYOUT = _numbers(
    ("3-2-4", None),  # US: SSN and ITIN
    ("3 2 4", _is_us_spaced),
    ("3.3.3-2", None),  # Brazil
    ("3.4.4.2", ahv.is_valid),
    ("13", south_african.is_valid),
    ("2 3 3 3", idnr.is_valid),
    ("11", pesel.is_valid),
    ("11,6 5", fodselsnummer.is_valid),
    ("6-4,8-4,12", personnummer.is_valid),
    ("6-4", cpr.is_valid),
    ("6-7", rrn.is_valid),
    ("6/3,6/4", rc.is_valid),
    ("2.2.2-3.2,2.2.2-3 2", nn.is_valid),
    ("4 4 4,4-4-4,12", aadhaar.is_valid),
    ("18", ric.is_valid),
    ("15,13 2,1 2 2 2 3 3 2", nir.is_valid),
    ("3-3-3", luhn.is_valid),  # Canada
)

# Words that say an id follows. The short ones mean other things as well (near-infrared, CPR), so
# they want their capitals and eight digits.
_WORDS = (
    r"ssn|social\s+sec(?:urity|\.)?|itin|tax(?:payer)?\s+(?:id|file)|national\s+id(?:entity)?"
    r"|id\s?card|identity\s+(?:card|number)|nhs|national\s+insurance|medicare|medicaid|health\s+card"
    r"|(?:health\s+)?insurance\s+(?:id|no|number|policy)|member\s+id|policy\s+(?:no|number)"
    r"|steuer-?\s?(?:id|identifikationsnummer|nummer)|idnr|sozialversicherungs?-?(?:nummer|nr)|svnr"
    r"|sv-nummer|(?:kranken)?versicher(?:ten|ungs)-?(?:nummer|nr)|kvnr|rvnr"
    r"|(?:personal)?ausweis(?:nummer|nr)?|reisepass(?:nummer|nr)?"
    r"|s[eé]curit[eé]\s+sociale|num[eé]ro\s+(?:de\s+)?s[eé]cu|carte\s+vitale"
    r"|seguridad\s+social|codice\s+fiscale|bsn|burgerservicenummer|sofinummer|pesel|personnummer"
    r"|henkil[oö]tunnus|f[oø]dselsnummer|aadhaa?r|cpf|curp|my\s?number"
    r"|passport|passeport|pasaporte|passaporto|driver'?s?\s+licen[cs]e|driving\s+licen[cs]e"
)
_SHORT_WORDS = r"SIN|TFN|TIN|NIR|NIE|NIF|DNI|RUT|RFC|RG|CPR|AHV|NPI|PPS|SVN"
_ID = (
    r"(?<![\w-])(?:[A-Z]{1,3} |[A-Za-z]{1,4}-?)?\d[\dA-Za-z]*"
    r"(?:[-./ ][A-Za-z]{0,3}\d[\dA-Za-z]*){0,7}(?:[- ][A-Z](?!\w))?"
)
_NAMED = (
    (re.compile(rf"\b(?:{_WORDS})\b[^\d\n]{{0,24}}?(?P<id>{_ID})", re.IGNORECASE), 5),
    (re.compile(rf"\b(?:{_SHORT_WORDS})\b[^\d\n]{{0,16}}?(?P<id>{_ID})"), 8),
)

_SHAPES: Sequence[tuple[str, Verdict | None]] = (
    # UK National Insurance
    (r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\s?(?:\d\d\s?){3}[A-D]", None),
    (r"[A-Z]{6}\d\d[A-EHLMPR-T]\d\d[A-Z]\d{3}[A-Z]", None),  # Italy
    (r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d", None),  # Mexico
    (r"\d[A-HJ-NP-RT-Y][A-HJ-NP-RT-Y\d]\d-[A-HJ-NP-RT-Y][A-HJ-NP-RT-Y\d]\d-[A-Z]{2}\d\d", None),
    (r"\d{2}\.?\d{3}\.?\d{3}[- ]?[A-Z]", dni.is_valid),
    (r"[XYZ][- ]?\d{7}[- ]?[A-Z]", nie.is_valid),
    (r"\d{6}[-+A]\d{3}[0-9A-Y]", hetu.is_valid),
    (r"\d{1,2}\.?\d{3}\.?\d{3}-[\dK]", rut.is_valid),
    (r"\d{17}X", ric.is_valid),
    (r"[A-Z]{5}\d{4}[A-Z]", pan.is_valid),
    (r"[STFGM]\d{7}[A-Z]", None),  # Singapore
    (r"\d{2}\s?(?:[0-2]\d|3[01])(?:0\d|1[0-2])\d\d\s?[A-Z]\s?\d{3}", None),  # Germany, pension
)
_SHAPED = [(re.compile(rf"(?<![\w-])(?:{shape})(?![\w-])"), ok) for shape, ok in _SHAPES]


def find_national_ids(text: str, stretches: Sequence[Stretch]) -> Iterator[Finding]:
    """Find national ids in a text whose stretches of digits are known."""
    for stretch in stretches:
        verdicts = _BY_LAYOUT.get(stretch.layout, ())
        written = text[stretch.start : stretch.end]
        if any(is_valid is None or is_valid(written) for is_valid in verdicts):
            yield Finding(stretch.start, stretch.end, Kind.NATIONAL_ID)
    for shape, is_valid in _SHAPED:
        for match in shape.finditer(text):
            if is_valid is None or is_valid(match.group()):
                yield Finding(match.start(), match.end(), Kind.NATIONAL_ID)
    for named, digits_min in _NAMED:
        for match in named.finditer(text):
            if digits_min <= sum(map(str.isdigit, match["id"])):
                yield Finding(*match.span("id"), Kind.NATIONAL_ID)
