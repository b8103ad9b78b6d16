"""How libcurl is led to an address that we looked up and judged, and to no other, with connections of its own.

libcurl is told to connect to an alias that no DNS knows (RFC 6761: `.invalid`), and a pin says what its addresses are.
A route is a tenant's way to one host with one client certificate, and has an alias of its own. libcurl uses a
connection again only under the alias that it was opened for: so no two tenants share one, and no two certificates.
The request itself (Host, SNI, what the server's certificate must be for) names the real host.

With a forward proxy it is the proxy that has an alias, one for each tenant and client certificate.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from ipaddress import ip_address
from itertools import count

from .addresses import Address, Network, parse_networks, why_refused
from .proxies import Proxy
from .url_rules import Target

# The operator chose the proxy, wherever it is.
EVERYWHERE = parse_networks(["0.0.0.0/0", "::/0"])


class Route:
    """`host` is what is looked up; `allowed` are the networks that are open on this way besides the public ones."""

    __slots__ = ("_addresses", "alias", "allowed", "host", "is_pinned", "port", "proxy", "tenant")

    def __init__(
        self, number: int, tenant: int, host: str, port: int, allowed: Sequence[Network], proxy: Proxy | None
    ) -> None:
        self.alias = f"r{number}.invalid"
        self.tenant, self.host, self.port, self.allowed, self.proxy = tenant, host, port, allowed, proxy
        self.is_pinned = False
        self._addresses: Sequence[Address] = ()

    def pin(self, addresses: Sequence[Address]) -> str:
        """What makes judged addresses known to libcurl (`RESOLVE`)."""
        self.is_pinned, self._addresses = True, addresses
        return f"+{self.alias}:{self.port}:{','.join(map(str, addresses))}"

    def unpin(self) -> str:
        """What makes them unknown again: whoever needs a new connection from now on asks anew."""
        self.is_pinned = False
        return f"-{self.alias}:{self.port}"

    def may_dial(self, address: str) -> bool:
        """Whether a socket may be opened to it: judged here again, whatever was pinned."""
        return why_refused(address, self.allowed) is None and ip_address(address) in self._addresses


class Routes:
    """The routes that are in use; at most `most`, the one that was unused for longest is forgotten first."""

    def __init__(self, most: int, allowed: Sequence[Network], proxy: Proxy | None) -> None:
        self._most = most
        self._proxy = proxy
        self._allowed = EVERYWHERE if proxy else allowed
        self._numbers = count(1)
        self._routes: OrderedDict[tuple[int, str, int, str], Route] = OrderedDict()

    def to(self, target: Target, tenant: int, certificate: str) -> Route:
        proxy = self._proxy
        host, port = (proxy.host, proxy.port) if proxy else (target.host, target.port)
        key = (tenant, host, port, certificate)
        if route := self._routes.get(key):
            self._routes.move_to_end(key)
            return route
        route = self._routes[key] = Route(next(self._numbers), tenant, host, port, self._allowed, proxy)
        if len(self._routes) > self._most:
            self._routes.popitem(last=False)
        return route
