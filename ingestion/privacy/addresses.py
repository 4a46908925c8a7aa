"""Street addresses in the patterns of some countries."""

import re
from collections.abc import Iterator

from ingestion.privacy.finding import Finding, Kind
from ingestion.privacy.vocabulary import NOT_NAMES

_UPPER = "".join(letter for letter in map(chr, range(0x41, 0x530)) if letter.isupper())
_WORD = rf"(?:[{_UPPER}][^\W\d_]*(?:['’.-][^\W\d_]+)*\.?|\d{{1,3}}(?:st|nd|rd|th))"  # noqa: RUF001
_KINDS = (
    r"Street|Avenue|Road|Boulevard|Lane|Drive|Court|Terrace|Parkway|Highway|Crescent|Close|Place"
)
_SHORT = r"St|Ave?|Rd|Blvd|Ln|Dr|Ct|Ter|Pkwy|Hwy|Cres|Pl|Sq|Way|Square"
_UNIT = r"(?:,?\s(?i:apt|apartment|unit|suite|ste|flat|no|#)\.?\s?#?\w{1,5})?"
_TOWN = (
    rf"(?:,\s{_WORD}(?:\s{_WORD}){{0,2}}"
    r"(?:,?\s[A-Z]{2}\s\d{5}(?:-\d{4})?|,?\s[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2})?)?"
)

_PATTERNS = (
    # 1600 Pennsylvania Avenue NW, Apt 4, Washington, DC 20500
    re.compile(
        rf"(?<![\w.,/-])\d{{1,5}}[A-Za-z]?,?\s(?:[NSEW]\.?\s)?(?:{_WORD}\s){{1,3}}"
        rf"(?:{_KINDS}|(?:{_SHORT})(?=[.,;)\n]|\s[NSEW]|\s(?i:apt|unit|suite|flat|#)|\Z)\.?)(?!\w)"
        rf"(?:\s[NSEW]{{1,2}}\b)?{_UNIT}{_TOWN}"
    ),
    # 12 main street: in small letters only one or two words, and no others' between
    re.compile(
        r"(?<![\w.,/-])\d{1,5}\s(?P<small>[a-z]{3,}(?:\s[a-z]{3,})?)\s"
        r"(?:street|avenue|road|boulevard|lane)(?!\w)"
    ),
    re.compile(
        rf"(?<!\w)[{_UPPER}][^\W\d_]*(?:-[{_UPPER}][^\W\d_]*)*(?:straße|strasse|str\.|allee|gasse"
        rf"|straat|laan|gracht|kade|gatan|vägen|vej)\s\d{{1,4}}\s?[a-z]?(?!\w)(?:,?\s\d{{4,5}}\s{_WORD})?"
    ),
    re.compile(
        rf"(?<!\w)(?:{_WORD}\s){{0,2}}(?:Straße|Strasse|Str\.|Allee|Weg|Platz)\s\d{{1,4}}[a-z]?"
        rf",\s\d{{4,5}}\s{_WORD}"
    ),
    re.compile(
        r"(?<!\w)\d{1,4}\s?(?:bis|ter)?,?\s(?i:rue|avenue|boulevard|bd|place|allée|chemin|impasse|quai)"
        rf"\s(?:(?:de\sla|de|du|des)\s|d['’]|l['’]){{0,2}}{_WORD}(?:[\s-]{_WORD}){{0,3}}"  # noqa: RUF001
        rf"(?:,?\s\d{{5}}\s{_WORD})?"
    ),
    re.compile(
        rf"(?<!\w)(?:Calle|C/|Avenida|Avda?\.|Plaza|Paseo|Rua|ul\.|Viale|Corso|Piazza)\s?"
        rf"(?:(?:de\sla|de|del|da|dos|das|di|della)\s)?(?:{_WORD}\s?){{1,3}},?\s?(?:n[º°.]?\s?)?\d{{1,4}}(?!\w)"
    ),
    re.compile(rf"(?<!\w)[Vv]ia\s(?:{_WORD}\s?){{1,3}},\s?\d{{1,4}}(?!\w)"),
    re.compile(r"(?<!\w)(?:P\.?\s?O\.?\s?[Bb]ox|Postfach)\s\d{1,6}(?!\w)"),
    # Springfield, IL 62704
    re.compile(rf"(?<!\w){_WORD}(?:\s{_WORD}){{0,2}},\s[A-Z]{{2}}\s\d{{5}}(?:-\d{{4}})?(?!\w)"),
    re.compile(
        r"\b(?i:zip(?:\scode)?|post\s?code|postal\scode|plz)\W{1,3}(?i:is\s)?"
        r"(?P<code>\d{4,5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d)(?!\w)"
    ),
)


def find_addresses(text: str) -> Iterator[Finding]:
    """Find addresses of houses; a city or a country alone is nobody's."""
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            named = match.groupdict()
            if not NOT_NAMES.isdisjoint(named.get("small", "").split()):
                continue
            group = "code" if "code" in named else 0
            yield Finding(*match.span(group), Kind.ADDRESS)
