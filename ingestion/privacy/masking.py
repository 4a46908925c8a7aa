"""Dead letters without personal data: anything may stand anywhere in what failed.

A stored event has a plan behind it: which names it may have, and what may stand under them. A
refused one has none, so names that say "private" mask whatever they hold, and every text, every
name and every long number passes the guard.
"""

import re
from collections.abc import Mapping

from ingestion.privacy.finding import TOKEN, Kind
from ingestion.privacy.guard import redact

_DEPTH_MAX = 32
_TEXT_MAX = 4_000  # twice the longest text of the plan: what is cut was no valid event's
_TAIL = 200
_LONG_NUMBER = 10_000_000
CUT = "…"

_PRIVATE_NAMES: Mapping[str, Kind] = {
    name: kind
    for kind, names in {
        Kind.EMAIL: "email emailaddress mail useremail contactemail studentemail",
        Kind.PHONE: "phone phonenumber tel telephone mobile mobilenumber cell cellphone fax pager"
        " handy telefon",
        Kind.NATIONAL_ID: "ssn socialsecurity socialsecuritynumber nationalid nationalidnumber nhs"
        " nhsnumber taxid nino passport passportnumber idcard driverslicense driverlicense cpf dni"
        " aadhaar insurancenumber insuranceid governmentid",
        Kind.MRN: "mrn medicalrecord medicalrecordnumber medicalrecordno patientid patientnumber"
        " patientmrn chartnumber",
        Kind.CARD: "card cardnumber creditcard creditcardnumber cc ccnumber cvv cvc pan",
        Kind.IBAN: "iban bankaccount accountnumber",
        Kind.IP: "ip ipaddress ipv4 ipv6 clientip remoteip remoteaddr remoteaddress userip"
        " xforwardedfor xrealip forwarded",
        Kind.CREDENTIALS: "password passwd pwd secret token accesstoken refreshtoken idtoken apikey"
        " authorization auth cookie cookies setcookie privatekey writekey sessiontoken",
        Kind.BIRTH_DATE: "dob dateofbirth birthdate birthday born geburtsdatum",
        Kind.ADDRESS: "address homeaddress streetaddress street addressline1 addressline2 line1"
        " line2 zip zipcode postcode postalcode lat latitude lon lng longitude geo geolocation"
        " location coordinates city",
        Kind.NAME: "name fullname firstname lastname givenname familyname surname middlename"
        " maidenname nickname username userfullname displayname patientname patient studentname"
        " learnername realname author",
    }.items()
    for name in names.split()
}
_NO_LETTER = re.compile(r"[\W_]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def mask_payload(payload: object) -> object:
    """Copy a JSON value with nothing private in it, as far as the guard can tell.

    Texts over 4,000 characters are cut and what lies deeper than 32 levels is left out: to guard
    megabytes of what no plan has would let one sender stop the others. A payload masked before is
    returned as it is.
    """
    return _mask(payload, 0)


def mask_text(text: str) -> str:
    """Guard a text of any length, cut to 4,000 characters."""
    if len(text) <= _TEXT_MAX:
        return redact(text)[0]
    # The end is dropped after the guard has seen it: half an address is not known as one.
    kept = redact(text[:_TEXT_MAX])[0]
    return kept[:-_TAIL] + CUT


def _mask(value: object, depth: int) -> object:
    match value:
        case dict() | list() if depth == _DEPTH_MAX:
            return CUT
        case str():
            return value if _UUID.fullmatch(value) else mask_text(value)
        case int() | float() if abs(value) >= _LONG_NUMBER:
            text, found = redact(str(value))
            return text if found else value
        case dict():
            return _mask_object(value, depth + 1)
        case list():
            return [_mask(item, depth + 1) for item in value]
        case _:
            return value


def _mask_object(value: Mapping[object, object], depth: int) -> dict[str, object]:
    masked: dict[str, object] = {}
    for key, member in value.items():
        kept = mask_text(str(key))
        # What a mask says is not what the sender's name says.
        kind = _PRIVATE_NAMES.get(_NO_LETTER.sub("", TOKEN.sub("", kept)).casefold())
        # Two private names must not become one, or what one of them held would be gone.
        place, number = kept, 1
        while place in masked:
            number += 1
            place = f"{kept} {number}"
        masked[place] = _mask(member, depth) if kind is None or member is None else kind.token
    return masked
