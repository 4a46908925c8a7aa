"""Names where the words around say that they are names; dates of birth; addresses of homes.

A name alone cannot be told from an eponym: Addison, Crohn and Marfan are in every second search of
a student of medicine. So only patterns count that no textbook has.
"""

import re
from collections.abc import Iterator

from ingestion.privacy.finding import Finding, Kind
from ingestion.privacy.vocabulary import NO_PERSONS, NOT_NAMES

_UPPER = "".join(letter for letter in map(chr, range(0x41, 0x530)) if letter.isupper())
_LETTER = r"[^\W\d_]"
_WORD = rf"[{_UPPER}]{_LETTER}*(?:['’-](?!s\b){_LETTER}+)*"  # noqa: RUF001
_PARTICLE = r"(?:van|von|de|der|den|da|dos|del|della|la|le|bin|al|el|ibn|ten|zu|y)"
_MORE = rf"(?:\s(?:{_PARTICLE}\s){{0,2}}(?:[{_UPPER}]\.\s?)?{_WORD})"
_NAME = rf"(?:[{_UPPER}]\.\s?){{0,2}}{_WORD}{_MORE}{{0,2}}"
_FULL_NAME = rf"{_WORD}{_MORE}{{1,2}}"
_ANY_CASE = rf"{_LETTER}{{2,}}(?:['’-]{_LETTER}+)?(?:\s{_LETTER}{{2,}}(?:['’-]{_LETTER}+)?)?"  # noqa: RUF001

_INTRODUCED = re.compile(
    r"\b(?i:my\s+(?:full\s+|real\s+|first\s+|last\s+)?names?(?:\s+is|'s|\s*[:=])|i\s+am\s+called"
    r"|mein\s+name\s+ist|ich\s+hei(?:ß|ss)e|je\s+m['’]appelle|mon\s+nom\s+est|me\s+llamo"  # noqa: RUF001
    r"|mi\s+nombre\s+es|mi\s+chiamo|il\s+mio\s+nome\s+è|meu\s+nome\s+é|me\s+chamo|mijn\s+naam\s+is"
    r"|ik\s+heet|nazywam\s+się|jag\s+heter|jeg\s+heter|mitt\s+namn\s+är|benim\s+ad[\u0131i]m|меня\s+зовут)"
    rf"\s+(?P<name>{_FULL_NAME}|{_ANY_CASE})"
)
_TITLED = re.compile(
    r"(?<![\w-])(?:(?:Dr|Prof|Mr|Mrs|Ms|Mx|Mme|Mlle|Hr|Fr|Sr|Sra|Srta|Dra|Sig|Dott|Drs|Ing)\.?"
    r"|Professor(?:in)?|Doctor|Miss|Mister|Nurse|Herrn?|Frau|Señora?|Señorita|Monsieur|Madame|Docteur"
    r"|Signora?|Dottor(?:essa)?|Mevrouw|Meneer|Dhr\.|Pani?|Doktor|Oberarzt|Oberärztin)"
    rf"(?:\s(?:Dr|Prof|med|rer|nat|h|c)\.?){{0,3}}\s?(?P<name>{_NAME})"
)
_TITLED_SMALL = re.compile(
    rf"(?<![\w-])(?:dr|mr|mrs|ms|prof)\.\s?(?P<name>{_LETTER}{{2,}})"
    rf"|(?<![\w-])(?:dr|mr|mrs|prof|professor|doctor)\s(?P<teacher>{_LETTER}{{3,}})"
    r"(?='s\s|\s(?:said|says|told|explain\w*|taught|asked|mention\w*|recommend\w*|show\w*|lectur\w+))"
)
_PATIENT = re.compile(
    r"\b(?i:patients?|pts?|pat|paciente|paziente|patiënt|client|proband|patientin)"
    r"(?:(?i:'s\s+name|\s+name)?(?i:\s+(?:is|was|named|called|ist|hei(?:ß|ss)t|namens|se\s+llama)"
    r"|\s*[:=])\s*|\.?\s)(?i:called\s|named\s)?"
    rf"(?P<name>[{_UPPER}]+,\s[{_UPPER}]{_LETTER}+|{_FULL_NAME})"
)
_NAMED = re.compile(
    r"(?i:\b(?:named|by\s+the\s+name\s+of|namens|nommée?|llamad[oa]|patient'?s?\s+name|full\s+name"
    r"|first\s+name|last\s+name|surname|family\s+name|maiden\s+name|student'?s?\s+name|vorname"
    r"|nachname|nombre\s+completo|apellidos?|prénom|cognome)(?:\s+is)?\s*[:=]?\s+)"
    rf"(?P<name>{_NAME})"
    rf"|(?:^|[\n;,(|])\s*(?:[Nn]ame|NAME|[Nn]om|[Nn]ombre|[Nn]ome|[Nn]aam)\s*[:=]\s*(?P<field>{_NAME})"
)
_SAID_TO_BE = re.compile(
    r"(?:^|[.!?,;:\n(]\s*|\b(?:[Hh]i|[Hh]ello|[Hh]ey|[Hh]allo|[Dd]ear),?\s)"
    rf"(?:I\s?['’]?a?m|[Tt]his\sis|Ich\sbin|Soy|Je\ssuis|Sono)\s(?P<name>{_FULL_NAME})"  # noqa: RUF001
)
_RELATED = re.compile(
    r"\b(?i:my|our|meine?r?|mein|mi|mon|ma)\s(?i:(?:study\s|best\s|lab\s)?(?:friend|partner|buddy)"
    r"|tutor|teacher|professor|lecturer|supervisor|classmate|roommate|colleague|wife|husband|mother"
    r"|father|mom|mum|dad|sister|brother|son|daughter|aunt|uncle|cousin|grandmother|grandfather"
    r"|grandma|grandpa|boyfriend|girlfriend|neighbou?r|attending|resident|preceptor|bruder|schwester"
    r"|mutter|vater|freundin|freund|hermano|hermana|madre|padre|amig[oa]|frère|soeur|mère|père),?"
    rf"\s(?P<name>{_NAME})"
)
_SIGNED = re.compile(
    r"(?i:(?:kind|best|warm)?\s?regards|best\s+wishes|sincerely(?:\s+yours)?|yours\s+(?:truly|sincerely"
    r"|faithfully)|cheers|many\s+thanks|thank\s+you|thanks|(?:viele|liebe|beste|mit\s+freundlichen)"
    r"\s+grü(?:ß|ss)en?|cordialement|saludos|cordiali\s+saluti|mvg|lg)"
    rf"\s*[,!.\n-]\s*(?P<name>{_NAME})\s*[.!]?\s*\Z"
)
_PATTERNS = (
    _INTRODUCED,
    _TITLED,
    _TITLED_SMALL,
    _PATIENT,
    _NAMED,
    _SAID_TO_BE,
    _RELATED,
    _SIGNED,
)
# Any two words with capitals stand behind these: both must be such as persons have.
_WITHOUT_TITLE = (_PATIENT, _SAID_TO_BE)

_MONTHS = (
    r"(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|f[eé]vr(?:ier)?|mar(?:ch|s|zo)?|märz|apr(?:il)?"
    r"|avril|abril|may|mai|mayo|jun[ei]?|juni|juin|junio|jul[iy]?|juillet|julio|aug(?:ust)?|août"
    r"|agosto|sep(?:t|tember|tembre)?|septiembre|oct(?:ober|obre)?|okt(?:ober)?|octubre"
    r"|nov(?:ember|embre)?|noviembre|de[cz](?:ember)?|d[eé]cembre|diciembre)\.?"
)
_DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ](?:\d{4}|\d{2})"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.|er)?[\s-](?:of\s|de\s)?{_MONTHS},?[\s-](?:de\s)?(?:\d{{4}}|\d{{2}})"
    rf"|{_MONTHS}\s?\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}})"
)
_BIRTH_DATE = re.compile(
    r"(?<!\w)(?:dob|d\.o\.b\.?|date\s+of\s+birth|birth\s?date|birthday|b-?day|born(?:\s+on)?|b\."
    r"|geboren(?:\s+am)?|geb\.?|geburtsdatum|geburtstag|née?\s+le|date\s+de\s+naissance|ddn"
    r"|fecha\s+de\s+nacimiento|nacid[oa]\s+el|nat[oa]\s+il|data\s+di\s+nascita|data\s+de\s+nascimento"
    r"|geboortedatum|födelsedatum|data\s+urodzenia)(?:\s+(?:is|was|ist|on|the))?[\s:=,(*-]{0,4}"
    rf"(?P<date>{_DATE})(?!\w)",
    re.IGNORECASE,
)


def find_names(text: str) -> Iterator[Finding]:
    """Find names of persons where a title, an introduction or the like says that they are."""
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            group = match.lastgroup
            if group is None:
                continue
            start, end = match.span(group)
            end = start + _length_of_name(match.group(group), pattern)
            if end > start:
                yield Finding(start, end, Kind.NAME)


def _length_of_name(words: str, pattern: re.Pattern[str]) -> int:
    """How much of what looks like a name is one: up to the first word that no person has."""
    refused = NO_PERSONS if pattern in _WITHOUT_TITLE else NOT_NAMES
    length = 0
    for word in re.finditer(r"[^\s,]+", words):
        if word.group().casefold().rstrip(".") in refused:
            break
        length = word.end()
    if pattern in _WITHOUT_TITLE and " " not in words[:length]:
        return 0
    return length


def find_birth_dates(text: str) -> Iterator[Finding]:
    """Find dates that are said to be somebody's birth."""
    for match in _BIRTH_DATE.finditer(text):
        yield Finding(*match.span("date"), Kind.BIRTH_DATE)
