"""Personal data found in a text and taken out of it.

`redact` is the one definition of what is found. It is deterministic, for a retry must say what its
first copy says; and idempotent, for dead letters are guarded when they are kept and again when
they are landed.
"""

import re
from collections import Counter
from collections.abc import Iterator

from ingestion.privacy.accounts import find_cards, find_ibans, find_record_numbers
from ingestion.privacy.addresses import find_addresses
from ingestion.privacy.contacts import find_credentials, find_emails, find_ip_addresses
from ingestion.privacy.finding import TOKEN, Finding, Kind
from ingestion.privacy.national_ids import find_national_ids
from ingestion.privacy.persons import find_birth_dates, find_names
from ingestion.privacy.phones import find_phones
from ingestion.privacy.prefilter import look, might_hold_pii
from ingestion.privacy.runs import find_stretches

__all__ = ["Kind", "find", "holds_private_id", "might_hold_pii", "redact"]

# Numbers that are somebody else's: ids, instants, papers, trials. No digits are looked at in them.
_KNOWN_NUMBERS = re.compile(
    r"(?<!\w)(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\d[t ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?"
    r"|(?:doi:?\s?)?10\.\d{4,9}/[^\s\"<>]{1,128}"
    r"|(?:pmid|pmcid|isbn(?:-1[03])?|issn|nct|isrctn|eudract|omim|cas|snomed(?:\sct)?|loinc|icd|pubchem|chembl"
    r"|arxiv|ndc|umls|grant|lot|rs|rrid)[\s:#]{0,3}[\d][\d.\s-]{3,20}\d)(?!\w)",
    re.IGNORECASE,
)
_STATE = re.compile(r"[A-Z]{2} \d{5}")


def redact(text: str) -> tuple[str, Counter[Kind]]:
    """Replace personal data by `[kind]`; return the text and how many of each kind there were.

    What an earlier pass has put in is no text of the client's and is left alone.
    """
    counts: Counter[Kind] = Counter()
    if not might_hold_pii(text):
        return text, counts
    return "".join(_redact(text, counts)), counts


def holds_private_id(text: str) -> bool:
    """Tell whether an id is an e-mail address, or what was left of one by a redaction.

    An id cannot be redacted: two things would become one.
    """
    if "[" in text and TOKEN.search(text):
        return True
    return look(text).email and next(find_emails(text), None) is not None


def _redact(text: str, counts: Counter[Kind]) -> Iterator[str]:
    """Redact the pieces between tokens; a piece that gets tokens is looked at again in pieces."""
    end = 0
    for token in TOKEN.finditer(text):
        yield from _redact_piece(text[end : token.start()], counts)
        yield token.group()
        end = token.end()
    yield from _redact_piece(text[end:], counts)


def _redact_piece(piece: str, counts: Counter[Kind]) -> Iterator[str]:
    # A stack and no recursion: a hostile text may take as many rounds as it has finds.
    pending: list[str | Kind] = [piece]
    while pending:
        part = pending.pop()
        if isinstance(part, Kind):
            counts[part] += 1
            yield part.token
            continue
        findings = find(part) if part else []
        if not findings:
            yield part
            continue
        end = len(part)
        for finding in reversed(findings):
            pending += [part[finding.end : end], finding.kind]
            end = finding.start
        pending.append(part[:end])


def find(text: str) -> list[Finding]:
    """The finds in a text in order, none overlapping: where two do, the surer kind's is kept."""
    if not might_hold_pii(text):
        return []
    kept: list[Finding] = []
    taken = bytearray(len(text))
    for finding in _find_all(text):
        if not any(taken[finding.start : finding.end]):
            taken[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
            kept.append(finding)
    return sorted(kept, key=lambda finding: finding.start)


def _find_all(text: str) -> Iterator[Finding]:
    clues = look(text)
    if clues.email:
        yield from find_credentials(text)
        yield from find_emails(text)
    if clues.four_digits:
        # Blanked in place: what else stands in the text keeps its spot.
        rest = _KNOWN_NUMBERS.sub(lambda known: "x" * len(known.group()), text)
        yield from _find_numbers(rest, clues.five_digits)
    if clues.place or (clues.four_digits and _STATE.search(text)):
        yield from find_addresses(text)
    if clues.name:
        yield from find_names(text)


def _find_numbers(text: str, five_digits: bool) -> Iterator[Finding]:
    stretches = find_stretches(text) if five_digits else []
    if five_digits:
        yield from find_ibans(text)
        yield from find_cards(text, stretches)
        yield from find_national_ids(text, stretches)
    yield from find_birth_dates(text)
    yield from find_record_numbers(text)
    yield from find_ip_addresses(text)
    if five_digits:
        yield from find_phones(text, stretches)
