"""Cards, bank accounts and medical record numbers."""

import re
from collections.abc import Iterator, Sequence

from stdnum import iban, luhn

from ingestion.privacy.finding import Finding, Kind
from ingestion.privacy.runs import Stretch

_CARD_LAYOUTS = frozenset(
    layout.replace(" ", separator)
    for layout in ("4 4 4 4", "4 6 5", "4 6 4", "4 4 4 4 3")
    for separator in " -."
) | {"13", "14", "15", "16", "19"}
# The first digits that the card networks have: a tenth of all numbers pass Luhn's check.
_NETWORKS = re.compile(r"4|5[0-8]|2[2-7]|3[4-9]|30|6")
_CARD_WORDS = re.compile(
    r"\b(?:card|visa|master\s?card|amex|american\s+express|discover|kreditkarte|kreditkartennummer"
    r"|carte|tarjeta|carta|cart[aã]o)\b[^\d\n]{0,24}(?=\d)",
    re.IGNORECASE,
)

_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:[ -]?[A-Z\d]){11,30}(?!\w)", re.IGNORECASE)

_MRN = re.compile(
    r"\b(?:MRN|M\.R\.N\.|medical\s+record|med\s+rec|health\s+record|chart|hospital|patient'?s?\s+file"
    r"|patient'?s?\s+(?:id|identifier|number|no|nr|record)|pt\.?\s+id|UHID|URN|encounter|account"
    r"|patienten-?(?:nummer|nr|id)|fallnummer|aktenzeichen|num[eé]ro\s+de\s+dossier|dossier"
    r"|historia\s+cl[ií]nica|expediente|cartella\s+clinica|prontu[aá]rio|pati[eë]ntnummer)\b"
    r"(?:[\s:#=.(-]{0,3}(?:id|is|was|ist|number|num|nr|no|n[º°o]|numero)?\b){0,3}[\s:#=.(º°-]{0,3}"
    r"(?P<id>[A-Z]{0,4}[-/]?\d(?:[-/ ]?\d){3,14})(?![\w%])",
    re.IGNORECASE,
)


def find_cards(text: str, stretches: Sequence[Stretch]) -> Iterator[Finding]:
    """Find payment cards by network, layout and check digit, or by what the words before say."""
    announced = {match.end() for match in _CARD_WORDS.finditer(text)} if stretches else set()
    for stretch in stretches:
        if stretch.layout not in _CARD_LAYOUTS or _NETWORKS.match(stretch.digits) is None:
            continue
        if stretch.start in announced or luhn.is_valid(stretch.digits):
            yield Finding(stretch.start, stretch.end, Kind.CARD)


def find_ibans(text: str) -> Iterator[Finding]:
    """Find bank accounts by their check digits; words that follow one are not taken with it."""
    for match in _IBAN.finditer(text):
        end = match.end()
        while end - match.start() >= 15:
            if iban.is_valid(text[match.start() : end]):
                yield Finding(match.start(), end, Kind.IBAN)
                break
            end = max(text.rfind(" ", 0, end), match.start())


def find_record_numbers(text: str) -> Iterator[Finding]:
    """Find medical record numbers: four digits or more after words that name one."""
    for match in _MRN.finditer(text):
        yield Finding(*match.span("id"), Kind.MRN)
