"""An operator's forward proxy: CONNECT for https, the whole URL in the request line for http.

With a proxy, names are looked up and addresses judged there (smokescreen and the like): we keep the rules on
URLs, and tell the proxy's own errors from the endpoint's.
"""

from __future__ import annotations

import base64
import socket
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from .addresses import dialled
from .deadline import Deadline
from .dialing import connect
from .failures import SendFailed, seconds
from .hosts import as_address
from .replies import Head, Wire, read_head
from .resolver import Resolver, hosts_file_too
from .url_rules import Target


@dataclass(frozen=True, slots=True)
class Proxy:
    host: str
    port: int
    authorization: str = field(default="", repr=False)
    resolver: Resolver = field(default_factory=lambda: Resolver(hosts_file_too), repr=False)

    @classmethod
    def from_url(cls, url: str) -> Proxy:
        """A proxy from `http://[user:password@]host:port`. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError("The forward proxy must be written like http://proxy.example.com:4750.")
        authorization = ""
        if parts.username:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            authorization = "Basic " + base64.b64encode(login.encode()).decode()
        return cls(parts.hostname, parts.port or 80, authorization)

    def dial(self, deadline: Deadline) -> socket.socket:
        """A socket connected to the proxy. Raises SendFailed."""
        try:
            literal = as_address(self.host)
            found = [literal] if literal else [ip_address(ip) for ip in self.resolver.addresses(self.host, deadline)]
            return connect([dialled(ip) for ip in found], self.port, deadline)
        except SendFailed:
            raise SendFailed("proxy", "This service's forward proxy could not be reached.") from None


def open_tunnel(sock: socket.socket, target: Target, proxy: Proxy, deadline: Deadline) -> None:
    """Ask the proxy on this socket for a connection to the target. Raises SendFailed."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    lines = [f"CONNECT {host}:{target.port} HTTP/1.1", f"Host: {host}:{target.port}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    wire = Wire(sock, deadline)
    try:
        sock.settimeout(deadline.left())
        sock.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
        status = read_head(wire).status
    except TimeoutError:
        raise SendFailed("proxy", f"The forward proxy made no connection within {seconds(deadline.seconds)}.") from None
    except (SendFailed, OSError):
        raise SendFailed("proxy", "The forward proxy gave no valid answer.") from None
    if not 200 <= status <= 299:
        raise SendFailed("proxy", f"The forward proxy made no connection to the server (it answered {status}).")
    if not wire.empty:
        raise SendFailed("proxy", "The forward proxy gave no valid answer.")


def refused_by_proxy(head: Head) -> SendFailed | None:
    """The failure, if an answer to a request in plain http is the proxy's and not the endpoint's."""
    if head.status == 407 or head.values("x-smokescreen-error"):
        return SendFailed("proxy", f"The forward proxy refused the request (it answered {head.status}).")
    return None
