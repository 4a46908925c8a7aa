"""E-mail addresses, credentials in URLs, IP addresses."""

import ipaddress
import re
from collections.abc import Iterator

from ingestion.privacy.finding import Finding, Kind

# The domain is looked for from the @ on and the mailbox from the @ back: from its beginning, every
# word of a text would be read as a mailbox without @, and a text of one word quadratically often.
_DOMAIN = re.compile(r"(?:@|＠|%40)(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,62}", re.IGNORECASE)  # noqa: RUF001
_MAILBOX = re.compile(r"[\w.!#$&'*+/=?^`{|}~%-]{1,64}")
_MAILBOX_MAX = 64

# As those write it who fear robots: with (at) and (dot), or both as words.
_SPELT = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}\s?(?:[(\[{<]\s?at\s?[)\]}>]|\sat\s)\s?[\w-]{1,63}"
    r"(?:(?:\s?[(\[{<]\s?dot\s?[)\]}>]\s?|\sdot\s)[\w-]{2,63}){1,4}"
    r"|(?<![\w.+-])[\w.+-]{1,64}\s?[(\[{<]\s?at\s?[)\]}>]\s?(?:[\w-]{1,63}\.){1,4}[a-z]{2,24}",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(
    r"(?<=://)[^\s/@:?#\[]{1,64}:[^\s/@\[]{1,128}(?=@)",
)

_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_AFTER_SLASH = re.compile(r"[^\W_]/\Z")
# Numbers in four parts that are no addresses: enzymes, versions, chapters.
_NO_ADDRESS = re.compile(
    r"(?:\bEC|\bversion|\bv|\bchapter|\bsection|\bstep|\bkapitel|\babschnitt|§|\bfig(?:ure)?\.?"
    r"|\btable)[\s:]{0,3}\Z",
    re.IGNORECASE,
)
_SAYS_ADDRESS = re.compile(
    r"\b(?:ip|ipv4|address|adresse|host|server|ping|router|from)\b\W{0,3}(?:is\W)?\Z", re.IGNORECASE
)
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE)
_LOOK_BACK = 24


def find_emails(text: str) -> Iterator[Finding]:
    """Find e-mail addresses, also percent-encoded ones and such as are spelt out."""
    end = 0
    for domain in _DOMAIN.finditer(text):
        low = max(end, domain.start() - _MAILBOX_MAX)
        mailbox = _MAILBOX.match(text[low : domain.start()][::-1])
        if mailbox is not None:
            end = domain.end()
            yield Finding(domain.start() - mailbox.end(), end, Kind.EMAIL)
    for match in _SPELT.finditer(text):
        yield Finding(match.start(), match.end(), Kind.EMAIL)


def find_credentials(text: str) -> Iterator[Finding]:
    """Find `user:password` in URLs."""
    for match in _CREDENTIALS.finditer(text):
        yield Finding(match.start(), match.end(), Kind.CREDENTIALS)


def find_ip_addresses(text: str) -> Iterator[Finding]:
    """Find IP addresses; not what merely has four parts, as an enzyme (EC 3.4.21.4) or a version.

    The classes of enzymes are 1 to 7: a small number in front and no part over 99 is an address
    only where the text says so.
    """
    for match in _IPV4.finditer(text):
        before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
        parts = [int(part) for part in match.group().split(".")]
        if max(parts) > 255 or _NO_ADDRESS.search(before) or _AFTER_SLASH.search(before):
            continue
        if parts[0] > 7 or max(parts) > 99 or _SAYS_ADDRESS.search(before):
            yield Finding(match.start(), match.end(), Kind.IP)
    for match in _IPV6.finditer(text):
        if _is_ipv6(match.group()):
            yield Finding(match.start(), match.end(), Kind.IP)


def _is_ipv6(text: str) -> bool:
    if text.count(":") < 3 and not text.startswith("fe80"):
        return False
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
