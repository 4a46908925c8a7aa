"""Addresses cut to the network they are of, before anybody keeps them."""

import ipaddress

_IPV4_KEPT_BITS = 24
_IPV6_KEPT_BITS = 48


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
