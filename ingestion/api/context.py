"""What a request tells of its sender, cut to what may be stored."""

import ipaddress

from fastapi import Request

_IPV4_KEPT_BITS = 24
_IPV6_KEPT_BITS = 48
_USER_AGENT_CHARACTERS = 512


def request_context(request: Request) -> dict[str, object]:
    """Return the context stored with each event: `ip` (truncated) and `user_agent`.

    The full address never leaves this function: what is not written cannot leak.
    """
    context: dict[str, object] = {}
    if request.client is not None and (address := truncate_ip(request.client.host)):
        context["ip"] = address
    if user_agent := request.headers.get("user-agent"):
        context["user_agent"] = user_agent.replace("\0", "")[:_USER_AGENT_CHARACTERS]
    return context


def truncate_ip(text: str) -> str | None:
    """Return the address with its last IPv4 octet, or all past an IPv6 /48, set to zero.

    Returns None for what is no address. An IPv4 address mapped into IPv6 is cut as IPv4: by /48
    it would be cut to nothing, by its text it would be kept whole.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    kept = _IPV4_KEPT_BITS if address.version == 4 else _IPV6_KEPT_BITS
    cut = address.max_prefixlen - kept
    # The same family as before, which a small number alone would not tell.
    return str(type(address)(int(address) >> cut << cut))
