"""requests' transport adapter on our own connections: a prepared request in, a head and an unread body out.

Of a requests Session nothing is used: no redirects, proxy variables, .netrc, cookies, content decoding.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from .client_certificates import context_with, place_of
from .connections import Connection, StaleConnection, new_connection
from .deadline import Deadline
from .dialing import Dialer
from .failures import SendFailed
from .idle import IdleConnections, Place
from .proxies import Proxy, refused_by_proxy
from .replies import BodyRead, Head, Wire, read_body
from .url_rules import Target


class Prepared(requests.PreparedRequest):
    """A POST to a target that was read by our own rules; requests never parses the URL again."""

    def __init__(self, target: Target, headers: dict[str, str], body: bytes, certificate: str = "") -> None:
        super().__init__()
        self.certificate = certificate  # a stored client certificate (client_certificates.py)
        self.method = "POST"
        self.target = target
        self.url = target.url
        self.headers = headers  # type: ignore[assignment]  # a plain dict is enough, and faster
        self.body = body


@dataclass(slots=True)
class Received:
    """The head of an answer; `read` gets the body and frees the connection."""

    route: Route
    connection: Connection
    head: Head
    wire: Wire

    def read(self, seconds: float) -> BodyRead:
        self.wire.deadline = self.wire.deadline.sooner(seconds)
        body = read_body(self.wire, self.head)
        if body.reusable:
            self.route.idle.give(self.route.place, self.connection)
        else:
            self.connection.close()
        return body


@dataclass(slots=True)
class Route:
    """Stands where requests expects urllib3's pool of a host: one request on a kept or a new connection."""

    target: Target
    dialer: Dialer
    idle: IdleConnections
    proxy: Proxy | None
    ca_bundle: str | None
    connect_timeout: float
    certificate: str = field(default="", repr=False)

    @property
    def place(self) -> Place:
        # What was opened with one subscription's certificate speaks for that subscription: no other's goes through it.
        return self.target.scheme, self.target.host, self.target.port, place_of(self.certificate)

    @property
    def context(self) -> ssl.SSLContext:
        try:
            return context_with(self.ca_bundle, self.certificate)
        except (ValueError, ssl.SSLError):
            raise SendFailed(
                "tls_client_certificate",
                "The client certificate that is stored for this subscription cannot be used. Give it anew.",
            ) from None

    def urlopen(
        self, *, method: str, url: str, body: bytes, headers: dict[str, str], timeout: Deadline, **_: Any
    ) -> Received:
        """Send and read the head of the answer. Raises SendFailed.

        A kept connection may have been closed by the server just as we wrote. If not a byte of an answer
        came, the request is sent again, once, on a new connection, within the same deadline. The server may
        have read the first one: delivery is at least once, and the id of the event tells it so.
        """
        lines = [f"{method} {url} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        message = "\r\n".join(lines).encode("latin-1") + body
        if connection := self.idle.take(self.place):
            try:
                return self._exchange(connection, message, timeout)
            except StaleConnection:
                pass
        connection = self.open(timeout)
        return self._exchange(connection, message, timeout)

    def open(self, deadline: Deadline) -> Connection:
        """A new connection. Raises SendFailed."""
        connection = new_connection(self.target, self.dialer, self.proxy, self.context)
        connection.open(deadline.sooner(self.connect_timeout))
        return connection

    def _exchange(self, connection: Connection, message: bytes, deadline: Deadline) -> Received:
        head, wire = connection.exchange(message, deadline)
        if self.proxy and self.target.scheme == "http" and (failure := refused_by_proxy(head)):
            connection.close()
            raise failure
        return Received(self, connection, head, wire)


class GuardedAdapter(HTTPAdapter):
    """`send` as requests documents it; the hooks below put our connections in place of urllib3's pools."""

    def __init__(
        self,
        *,
        dialer: Dialer,
        idle: IdleConnections,
        proxy: Proxy | None,
        ca_bundle: str | None,
        connect_timeout: float,
    ) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1)
        self._dialer = dialer
        self._idle = idle
        self._proxy = proxy
        self._ca_bundle = ca_bundle
        self._connect_timeout = connect_timeout

    def route(self, target: Target, certificate: str = "") -> Route:
        certificate = certificate if target.scheme == "https" else ""
        ways = (self._dialer, self._idle, self._proxy, self._ca_bundle, self._connect_timeout)
        return Route(target, *ways, certificate)

    def get_connection_with_tls_context(self, request: Any, *_: Any, **__: Any) -> Any:
        return self.route(request.target, request.certificate)

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Nothing: our TLS context always verifies. requests would load the CA bundle for each connection."""

    def request_url(self, request: Any, proxies: Any) -> str:
        target: Target = request.target
        return target.url if self._proxy and target.scheme == "http" else target.path

    def build_response(self, req: Any, resp: Any) -> Any:
        return resp
