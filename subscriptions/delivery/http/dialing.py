"""From a host to a connected socket: looked up once, every address judged, only judged ones dialled."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from .addresses import Address, Network, dialled, is_allowed, why_refused
from .deadline import Deadline
from .failures import SendFailed, from_error, seconds
from .hosts import as_address, is_local_name
from .resolver import Resolver

# A name with more addresses than these gets the first ones only: each costs a share of the connect timeout.
MAX_ADDRESSES = 8
REFUSED = "The host leads to an address that is not on the public internet. Nothing was sent."


@dataclass(frozen=True, slots=True)
class Dialer:
    resolver: Resolver
    allowed: Sequence[Network]

    def dial(self, host: str, port: int, deadline: Deadline) -> socket.socket:
        """A socket connected to a checked address of the host. Raises SendFailed."""
        return connect(self.checked_addresses(host, deadline), port, deadline)

    def checked_addresses(self, host: str, deadline: Deadline) -> list[Address]:
        """Every address of the host, or SendFailed if any of them may not be dialled."""
        if is_local_name(host):
            # Known without asking: a resolver may send such names elsewhere.
            here = [ip for ip in (IPv4Address("127.0.0.1"), IPv6Address("::1")) if is_allowed(ip, self.allowed)]
            if not here:
                raise SendFailed("refused_address", REFUSED)
            return here
        literal = as_address(host)
        found = [str(literal)] if literal else self.resolver.addresses(host, deadline)
        if any(why_refused(address, self.allowed) for address in found):
            raise SendFailed("refused_address", REFUSED)
        return list(dict.fromkeys(dialled(ip_address(address)) for address in found))


def connect(addresses: Sequence[Address], port: int, deadline: Deadline) -> socket.socket:
    """A socket to the first address that answers; each gets a share of the time. Raises SendFailed."""
    failure = SendFailed("unreachable", "The server's network could not be reached.")
    addresses = addresses[:MAX_ADDRESSES]
    for number, ip in enumerate(addresses):
        sock = None
        try:
            sock = socket.socket(socket.AF_INET6 if ip.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(deadline.left() / (len(addresses) - number))
            sock.connect((str(ip), port))
            sock.settimeout(deadline.left())
            return sock
        except TimeoutError:
            failure = SendFailed("connect_timeout", f"No connection within {seconds(deadline.seconds)}.")
        except OSError as error:
            failure = from_error(error)
        if sock is not None:
            sock.close()
    raise failure
