"""Which addresses of a host may be dialled, judged as a whole: one that is refused refuses them all."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from .addresses import Address, Network, dialled, is_allowed, why_refused
from .failures import SendFailed
from .hosts import as_address, is_local_name

# A name with more addresses than these gets the first ones only: each costs a share of the connect timeout.
MAX_ADDRESSES = 8
REFUSED = "The host leads to an address that is not on the public internet. Nothing was sent."


def known_addresses(host: str, allowed: Sequence[Network]) -> Sequence[Address] | None:
    """The addresses of a host that nobody needs to be asked for, None for a name. Raises SendFailed."""
    if is_local_name(host):
        # Known without asking: a resolver may send such names elsewhere.
        here = [ip for ip in (IPv4Address("127.0.0.1"), IPv6Address("::1")) if is_allowed(ip, allowed)]
        if not here:
            raise SendFailed("refused_address", REFUSED)
        return here
    literal = as_address(host)
    return judged([str(literal)], allowed) if literal else None


def judged(addresses: Sequence[str], allowed: Sequence[Network]) -> list[Address]:
    """The addresses as they are dialled, or SendFailed if any of them may not be."""
    if not addresses:
        raise SendFailed("dns", "The host name could not be found.")
    if any(why_refused(address, allowed) for address in addresses):
        raise SendFailed("refused_address", REFUSED)
    return list(dict.fromkeys(dialled(ip_address(address)) for address in addresses))[:MAX_ADDRESSES]
