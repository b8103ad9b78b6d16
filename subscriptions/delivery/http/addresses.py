"""Which IP addresses may be dialled: plainly public ones, and what the operator opened. Pure, no network.

The rule is by class and closed: IPv6 outside 2000::/3 and every special-purpose block (IANA's registries, RFC
6890) is refused, and an address that carries an IPv4 address inside is judged by that one too. The standard
library's `is_global` is not the judge: it lets multicast, NAT64, 6to4 and Azure's 168.63.129.16 through.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_V4 = [
    (IPv4Network(block), why)
    for block, why in (
        ("0.0.0.0/8", "this machine"),
        ("10.0.0.0/8", "a private network"),
        ("100.64.0.0/10", "a carrier's inner network"),
        ("127.0.0.0/8", "this machine"),
        ("168.63.129.16/32", "a cloud provider's inner service"),  # Azure's; the address itself is public
        ("169.254.0.0/16", "a link-local network"),
        ("172.16.0.0/12", "a private network"),
        ("192.0.0.0/24", "a network with a special purpose"),
        ("192.0.2.0/24", "a network for documentation"),
        ("192.31.196.0/24", "a network with a special purpose"),
        ("192.52.193.0/24", "a network with a special purpose"),
        ("192.88.99.0/24", "a network with a special purpose"),
        ("192.168.0.0/16", "a private network"),
        ("192.175.48.0/24", "a network with a special purpose"),
        ("198.18.0.0/15", "a network for measurements"),
        ("198.51.100.0/24", "a network for documentation"),
        ("203.0.113.0/24", "a network for documentation"),
        ("224.0.0.0/4", "a multicast group"),
        ("240.0.0.0/4", "a reserved network"),
    )
]

_V6_PUBLIC = IPv6Network("2000::/3")
# Refused inside 2000::/3, and words for the best known outside of it.
_V6 = [
    (IPv6Network(block), why)
    for block, why in (
        ("::/128", "this machine"),
        ("::1/128", "this machine"),
        ("2001::/23", "a network with a special purpose"),  # Teredo, ORCHID, benchmarking, anycast services
        ("2001:db8::/32", "a network for documentation"),
        ("2620:4f:8000::/48", "a network with a special purpose"),
        ("3fff::/20", "a network for documentation"),
        ("3ffe::/16", "a reserved network"),  # the former 6bone
        ("fc00::/7", "a private network"),
        ("fe80::/10", "a link-local network"),
        ("fec0::/10", "a private network"),
        ("ff00::/8", "a multicast group"),
    )
]

_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")
_LOW_32 = 0xFFFF_FFFF


def parse_networks(networks: Iterable[str | Network]) -> tuple[Network, ...]:
    """Networks from their spelling. Raises ValueError."""
    return tuple(ip_network(network) if isinstance(network, str) else network for network in networks)


def why_refused(address: str | Address, allowed: Sequence[Network] = ()) -> str | None:
    """What the address belongs to if it may not be dialled, else None. What is no address is refused."""
    try:
        ip = address if isinstance(address, IPv4Address | IPv6Address) else ip_address(address)
    except ValueError:
        return "an address that cannot be read"
    if isinstance(ip, IPv4Address):
        return None if is_allowed(ip, allowed) else _why_v4(ip)
    if is_allowed(ip, allowed):
        return None
    if ip.scope_id is not None:
        return "a link-local network"
    if ip in _MAPPED:
        return why_refused(_low_32(ip), allowed)  # the kernel dials the IPv4 address itself
    return _why_v6(ip)


def is_allowed(ip: Address, allowed: Sequence[Network]) -> bool:
    """Whether the operator opened it: an IPv4 network opens IPv4 and its mapped spelling, nothing else."""
    if isinstance(ip, IPv6Address) and ip in _MAPPED and is_allowed(_low_32(ip), allowed):
        return True
    return any(ip in network for network in allowed)


def inner_addresses(ip: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that a translator or tunnel would read out of this one.

    Forms that are refused whole need no reading: compatible (::/96), translated (::ffff:0:0:0/96), Teredo
    (2001::/32, which holds a server and an obfuscated client), NAT64 with a local prefix (64:ff9b:1::/48).
    """
    number = int(ip)
    inner: list[IPv4Address] = []
    if ip in _MAPPED or ip in _NAT64:
        inner.append(_low_32(ip))
    if ip in _6TO4:
        inner.append(IPv4Address(number >> 80 & _LOW_32))
    # ISATAP's interface identifier, its universal and group bits either way.
    if number >> 32 & 0xFCFF_FFFF == 0x0000_5EFE:
        inner.append(_low_32(ip))
    return inner


def dialled(ip: Address) -> Address:
    """The address the kernel connects to: a mapped one is its IPv4 address."""
    return _low_32(ip) if isinstance(ip, IPv6Address) and ip in _MAPPED else ip


def _why_v4(ip: IPv4Address) -> str | None:
    return next((why for block, why in _V4 if ip in block), None)


def _why_v6(ip: IPv6Address) -> str | None:
    reasons = [why for block, why in _V6 if ip in block]
    reasons += [why for inner in inner_addresses(ip) if (why := _why_v4(inner))]
    if reasons:
        return reasons[0]
    if ip in _V6_PUBLIC or ip in _NAT64:
        return None
    return "a reserved network"


def _low_32(ip: IPv6Address) -> IPv4Address:
    return IPv4Address(int(ip) & _LOW_32)
