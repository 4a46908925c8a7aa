"""Where a request comes from: the peer, or whom a trusted proxy says it came from."""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from starlette.types import ASGIApp, Receive, Scope, Send

from ingestion.api.settings import ProxyHeader

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Headers = Iterable[tuple[bytes, bytes]]

# Each says "I pass this on for another", whoever wrote it.
_TRACES = frozenset({b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via"})
_FORWARDED_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("[^"]*"|[^;]*)', re.IGNORECASE)
_MOST_HOPS = 32


class ProxiedAddresses:
    """Middleware: put the sender's address where a trusted proxy stood.

    Only one header is read, the one the proxy is known to write: of the other it passes on
    whatever the sender chose to put there.
    """

    def __init__(self, app: ASGIApp, *, trusted: Sequence[Network], header: ProxyHeader) -> None:
        self._app, self._trusted = app, trusted
        self._header = header.encode()
        self._split = _forwarded_hops if header == "forwarded" else _listed_hops

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its `client` put right."""
        client = scope.get("client")
        if scope["type"] == "http" and client is not None:
            address = parse_address(client[0])
            if address is not None and self._trusts(address):
                scope["client"] = (str(self._find_sender(address, scope["headers"])), 0)
        await self._app(scope, receive, send)

    def _find_sender(self, peer: Address, headers: Headers) -> Address:
        """The right-most hop that is no proxy of ours: what is left of it is hearsay.

        A hop that is no address ends the search at the last one that was.
        """
        text = ",".join(value.decode("latin-1") for name, value in headers if name == self._header)
        sender = peer
        for hop in reversed(self._split(text)[-_MOST_HOPS:]):
            address = parse_address(hop)
            if address is None:
                break
            sender = address
            if not self._trusts(address):
                break
        return sender

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def is_forwarded(headers: Headers) -> bool:
    """Whether a request bears the trace of a proxy: then its peer is not its sender.

    Such a request never counts as of this machine, even from a proxy nobody configured: one on
    the same machine would otherwise open the service to the whole world.
    """
    return any(name in _TRACES for name, _ in headers)


def is_loopback(client: tuple[str, int] | None) -> bool:
    """Whether the peer is on this machine."""
    address = parse_address(client[0]) if client else None
    return address is not None and address.is_loopback


@lru_cache(maxsize=4096)  # asked thrice a request, of the same few
def parse_address(text: str) -> Address | None:
    """An address as proxies write it: bare, with a port, IPv6 in brackets. None for others."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def neighbourhood(client: tuple[str, int] | None) -> str:
    """What failed logins are counted by: an IPv4 address, or the /64 one IPv6 sender has whole."""
    address = parse_address(client[0]) if client else None
    if isinstance(address, IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _listed_hops(text: str) -> list[str]:
    return text.split(",") if text else []


def _forwarded_hops(text: str) -> list[str]:
    # RFC 7239. A comma within quotes cannot be part of an address: such an element is no address
    # either way, and ends the search.
    found = (_FORWARDED_FOR.search(element) for element in _listed_hops(text))
    return [match[1] if match else "" for match in found]
