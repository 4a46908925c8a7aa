"""Whom the service takes for the sender, whatever the sender writes."""

import asyncio
from ipaddress import ip_network

import pytest
from starlette.types import Receive, Scope, Send

from ingestion.api.addresses import ProxiedAddresses, is_forwarded, neighbourhood
from ingestion.api.settings import ProxyHeader

PROXIES = tuple(map(ip_network, ("10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32")))


def sender(peer: str, headers: list[tuple[str, str]], header: ProxyHeader) -> str:
    seen: list[str] = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope["client"][0])

    async def unused() -> None:
        raise AssertionError

    scope = {
        "type": "http",
        "client": (peer, 1),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }
    proxied = ProxiedAddresses(app, trusted=PROXIES, header=header)
    asyncio.run(proxied(scope, unused, unused))  # type: ignore[arg-type]
    return seen[0]


@pytest.mark.parametrize(
    ("peer", "value", "found"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # nobody trusts this peer
        ("10.1.1.1", "198.51.100.1", "198.51.100.1"),
        ("10.1.1.1", "127.0.0.1, 198.51.100.1", "198.51.100.1"),  # what is left of it is a lie
        ("10.1.1.1", "198.51.100.1, 10.2.2.2, 192.0.2.7", "198.51.100.1"),
        ("10.1.1.1", "10.2.2.2, 10.3.3.3", "10.2.2.2"),
        ("10.1.1.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.1.1.1", "[2a00::1]:4711", "2a00::1"),
        ("2001:db8::1", "2a00::1", "2a00::1"),
        ("::ffff:10.1.1.1", "198.51.100.1", "198.51.100.1"),
        ("10.1.1.1", "198.51.100.1, unknown", "10.1.1.1"),
        ("10.1.1.1", "198.51.100.1, unknown, 10.2.2.2", "10.2.2.2"),
        ("10.1.1.1", "", "10.1.1.1"),
        ("10.1.1.1", "§§§, <script>", "10.1.1.1"),
        ("10.1.1.1", "1.2.3.4," * 5_000 + "10.9.9.9", "1.2.3.4"),
        ("no address", "198.51.100.1", "no address"),
    ],
)
def test_sender_is_the_right_most_hop_nobody_vouches_for(peer: str, value: str, found: str) -> None:
    assert sender(peer, [("x-forwarded-for", value)], "x-forwarded-for") == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("for=198.51.100.1", "198.51.100.1"),
        ('for="[2a00::1]:4711";proto=https', "2a00::1"),
        ("by=10.2.2.2;For=198.51.100.1, for=10.2.2.2", "198.51.100.1"),
        ("for=198.51.100.1, for=_hidden", "10.1.1.1"),
        ("proto=https", "10.1.1.1"),
    ],
)
def test_forwarded_header_is_read_as_well(value: str, found: str) -> None:
    assert sender("10.1.1.1", [("forwarded", value)], "forwarded") == found


def test_header_the_proxy_does_not_write_is_not_read() -> None:
    both = [("forwarded", "for=127.0.0.1"), ("x-forwarded-for", "198.51.100.1")]
    assert sender("10.1.1.1", both, "x-forwarded-for") == "198.51.100.1"
    assert sender("10.1.1.1", both, "forwarded") == "127.0.0.1"


def test_header_sent_twice_is_one_list() -> None:
    lines = [("x-forwarded-for", "127.0.0.1"), ("x-forwarded-for", "198.51.100.1")]
    assert sender("10.1.1.1", lines, "x-forwarded-for") == "198.51.100.1"


@pytest.mark.parametrize("name", [b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via"])
def test_any_trace_of_a_proxy_is_seen(name: bytes) -> None:
    assert is_forwarded([(b"host", b"x"), (name, b"")])
    assert not is_forwarded([(b"host", b"x")])


def test_neighbours_are_an_ipv4_address_or_an_ipv6_64() -> None:
    assert neighbourhood(("198.51.100.1", 1)) == "198.51.100.1"
    assert neighbourhood(("2a00::1:2:3:4", 1)) == neighbourhood(("2a00::9", 1)) == "2a00::/64"
    assert neighbourhood(None) == "None"
