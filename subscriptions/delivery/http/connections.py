"""urllib3's connections, opened by our dialer only, with each wait bounded by the request's deadline.

urllib3 keeps what it is best at (TLS around a socket: SNI, verification against the name); sockets come from
the dialer, and one request is one write and one read of our own.
"""

from __future__ import annotations

import socket
import ssl
import time
from functools import lru_cache

import certifi
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.wait import wait_for_read

from .deadline import Deadline
from .dialing import Dialer
from .failures import SendFailed, from_error, seconds
from .proxies import Proxy, open_tunnel
from .replies import Head, Wire, read_head
from .url_rules import Target


class StaleConnection(Exception):
    """A kept-alive connection turned out closed before a single byte of an answer."""


@lru_cache(maxsize=8)
def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """One context for the process and CA bundle: parsing the bundle costs more than forty requests."""
    return verifying_context(ca_bundle)


def verifying_context(ca_bundle: str | None) -> ssl.SSLContext:
    """A new one."""
    context = ssl.create_default_context(cafile=ca_bundle or certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    return context


class Connection(HTTPConnection):
    """One connection: `open` it, then `exchange` requests one after the other."""

    target: Target
    dialer: Dialer
    route: Proxy | None = None
    deadline: Deadline  # of what is under way
    opened_at: float
    idle_since: float
    used = False

    def _new_conn(self) -> socket.socket:
        if self.route:
            return self.route.dial(self.deadline)
        return self.dialer.dial(self.target.host, self.target.port, self.deadline)

    def _tunnel(self) -> None:
        assert self.sock is not None
        assert self.route is not None
        open_tunnel(self.sock, self.target, self.route, self.deadline)
        self.sock.settimeout(self.deadline.left())  # the TLS handshake is next

    def open(self, deadline: Deadline) -> None:
        """Look up, dial and shake hands by the deadline. Raises SendFailed."""
        self.deadline = deadline
        self.opened_at = time.monotonic()
        if self.route and self.target.scheme == "https":
            self.set_tunnel(self.target.host, self.target.port)
        try:
            self.connect()
        except SendFailed:
            self.close()
            raise
        except TimeoutError:
            self.close()
            raise SendFailed("connect_timeout", f"No connection within {seconds(deadline.seconds)}.") from None
        except OSError as error:
            self.close()
            raise self._opening_failed(error) from None

    def exchange(self, request: bytes, deadline: Deadline) -> tuple[Head, Wire]:
        """Send a request and read the head of its answer. Raises SendFailed or StaleConnection, and is closed then."""
        assert self.sock is not None
        wire = Wire(self.sock, deadline)
        stale = self.used
        self.used = True
        try:
            self._write(request, deadline)
            return read_head(wire), wire
        except SendFailed:
            self.close()
            raise
        except TimeoutError:
            self.close()
            raise SendFailed("timeout", f"Timed out after {seconds(deadline.seconds)}.") from None
        except OSError as error:
            self.close()
            if stale and wire.total == 0:
                raise StaleConnection from None
            raise from_error(error) from None

    def _write(self, request: bytes, deadline: Deadline) -> None:
        assert self.sock is not None
        rest = memoryview(request)
        try:
            while rest:
                self.sock.settimeout(deadline.left())
                rest = rest[self.sock.send(rest) :]
        except (BrokenPipeError, ConnectionResetError):
            if rest.nbytes == len(request):
                raise
            # A server may answer before it has read all (413, 401 …) and close: then that answer is waiting.

    @property
    def is_quiet(self) -> bool:
        """Still open, and nothing was sent that nobody asked for."""
        return self.sock is not None and not wait_for_read(self.sock, timeout=0.0)

    def _opening_failed(self, error: OSError) -> SendFailed:
        return from_error(error)


class TlsConnection(Connection, HTTPSConnection):
    def _opening_failed(self, error: OSError) -> SendFailed:
        if isinstance(error, ConnectionError):
            return SendFailed("tls", "The server broke off while the secure connection (TLS) was being made.")
        return from_error(error)


def new_connection(target: Target, dialer: Dialer, route: Proxy | None, context: ssl.SSLContext) -> Connection:
    """A connection that is not open yet: to the target, or to the proxy if a `route` is given."""
    connection = (
        TlsConnection(target.host, target.port, ssl_context=context, cert_reqs=ssl.CERT_REQUIRED)
        if target.scheme == "https"
        else Connection(target.host, target.port)
    )
    connection.target, connection.dialer, connection.route = target, dialer, route
    return connection
