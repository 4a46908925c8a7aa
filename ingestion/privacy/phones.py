"""Phone numbers: with a country code, in the national forms people write, or after "call"."""

import re
from collections.abc import Iterator, Sequence

import phonenumbers

from ingestion.privacy.finding import Finding, Kind
from ingestion.privacy.runs import Stretch

_INTERNATIONAL = re.compile(
    r"(?<![\w+])(?:\+|00(?=[1-9]))\d(?:[ .()/\u00a0\u2011-]{0,3}\d){6,15}(?!\w)"
)
# North America, whatever the area: 555 is nobody's, and is what people write for somebody's.
_NORTH_AMERICA = re.compile(
    r"(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-. ])\d{3}[-. ]\d{4}"
    r"(?:,? ?(?:x|ext)\.? ?\d{1,5})?(?![\w-]|\.\d)"
)
_LOCAL = re.compile(r"(?<![\w.+-])555-\d{4}(?![\w-])")
# National numbers begin with a 0 in most countries; where they do not, by the layout alone.
_TRUNK_REGIONS = (
    "DE",
    "GB",
    "FR",
    "NL",
    "AT",
    "CH",
    "BE",
    "SE",
    "AU",
    "IN",
    "IE",
    "IT",
    "ZA",
    "TR",
)
_BRACKETED = re.compile(r"(?<![\w(])\(0\d{1,5}\)(?:[ /.-]{0,2}\d){4,10}(?!\w)")
_LAYOUTS = {
    "3 3 3": ("ES",),
    "3 2 2 2": ("ES",),
    "5 5": ("IN",),
    "5-5": ("IN",),
    "3 7": ("IT",),
}
_DATE = re.compile(r"\d{1,2}([./ -])\d{1,2}\1(?:\d{4}|\d{2})")
# 600 700 800 are millilitres.
_ROUND = re.compile(r"(?:\d+0\D)+\d+0")
_WORDS = re.compile(
    r"\b(?:phone|tel|telephone|telefon|telefonnummer|t[eé]l[eé]phone|t[eé]l|tel[eé]fono|telefono"
    r"|telefone|cell|cellphone|celular|cellulare|mobile?|mobil|mobilnummer|m[oó]vil|handy"
    r"|handynummer|portable|call|text|sms|whats?app|signal|telegram|fax|pager|beeper|bleep|ring|dial|hotline"
    r"|reach\s+(?:me|him|her|them)|contact|my\s+number|his\s+number|her\s+number|ruf|rufnummer"
    r"|anrufen|appelle[rz]?|ll[aá]ma(?:r|me)?|numer|nummer)\b[^\d\n+(]{0,20}[+(]?(?=\d)",
    re.IGNORECASE,
)


def find_phones(text: str, stretches: Sequence[Stretch]) -> Iterator[Finding]:
    """Find phone numbers in a text whose stretches of digits are known."""
    for match in _INTERNATIONAL.finditer(text):
        if _is_international(match.group()):
            yield Finding(match.start(), match.end(), Kind.PHONE)
    for pattern in (_NORTH_AMERICA, _LOCAL):
        for match in pattern.finditer(text):
            yield Finding(match.start(), match.end(), Kind.PHONE)
    for match in _BRACKETED.finditer(text):
        if _is_valid(match.group(), _TRUNK_REGIONS):
            yield Finding(match.start(), match.end(), Kind.PHONE)
    announced = {match.end() for match in _WORDS.finditer(text)}
    for stretch in stretches:
        if _is_national(text, stretch, stretch.start in announced):
            yield Finding(stretch.start, stretch.end, Kind.PHONE)


def _is_national(text: str, stretch: Stretch, is_announced: bool) -> bool:
    written = text[stretch.start : stretch.end]
    if len(stretch.digits) > 15 or _DATE.fullmatch(written):
        return False
    if is_announced:
        return True
    regions: Sequence[str] = _LAYOUTS.get(stretch.layout, ())
    if _ROUND.fullmatch(written):
        regions = ()
    elif written[0] == "0" and 9 <= len(stretch.digits) <= 12:
        regions = _TRUNK_REGIONS
    return _is_valid(written, regions)


def _is_international(written: str) -> bool:
    number = "+" + written.removeprefix("00") if written.startswith("00") else written
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    if written.startswith("00"):
        return phonenumbers.is_valid_number(parsed)
    return phonenumbers.is_possible_number(parsed)


def _is_valid(written: str, regions: Sequence[str]) -> bool:
    for region in regions:
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            return False
        if phonenumbers.is_valid_number(number):
            return True
    return False
