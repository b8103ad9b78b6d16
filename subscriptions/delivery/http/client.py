"""The one HTTP client of the service: whatever leaves, leaves through here.

It never raises for what the network, the URL or the receiver does, never follows a redirect, never reads a
proxy variable or .netrc, never decodes a body, and is done by the deadline.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import cast

from .adapter import GuardedAdapter, Prepared, Received
from .addresses import Network, parse_networks
from .connections import tls_context
from .deadline import Deadline
from .dialing import Dialer
from .failures import SendFailed
from .header_rules import sendable
from .idle import IdleConnections
from .proxies import Proxy
from .resolver import Resolve, Resolver, hosts_file_too, system_resolve
from .url_rules import UrlRefused, read_url

logger = logging.getLogger(__name__)

# The status decides, the body is only for the log: a body that drips holds a thread no longer than this.
BODY_SECONDS = 5.0


@dataclass(slots=True)
class Request:
    """A POST. The client sets Host and Content-Length, and the rest of what HTTP asks for unless given."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    # For a server that asks for one: a stored client certificate (client_certificates.py).
    certificate: str = field(default="", repr=False)


@dataclass(slots=True)  # not frozen, nor is a request: that would triple what it costs to make one
class Answer:
    """What came of a request.

    Either `status` is there, 200 to 599, and `error` is "" (the body may still have broken off: `truncated`),
    or `status` is None and `error` is a stable code. `message` is a plain sentence, or "" if the status says it all.
    """

    status: int | None
    headers: list[tuple[str, str]]
    body: bytes
    truncated: bool
    duration_ms: int
    error: str = ""
    message: str = ""


class Client:
    """Safe to use from many threads. After a fork, the child starts with sockets of its own."""

    def __init__(
        self,
        *,
        allowed_networks: Sequence[str | Network] = (),
        connect_timeout: float = 5.0,
        total_timeout: float = 15.0,
        max_hosts: int = 256,
        per_host: int = 4,
        user_agent: str = "Callhooks",
        ca_bundle: str | None = None,
        proxy: str | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        """`connect_timeout` covers lookup, dialling and TLS handshake, `total_timeout` all of it, in seconds.

        At most `max_hosts` idle connections are kept in all and `per_host` to one host. `resolve` gives the
        addresses of a name. `proxy` is a forward proxy, `http://[user:password@]host:port`. Raises ValueError
        for a network or a proxy that cannot be read, OSError for the CA bundle.
        """
        allowed = parse_networks(allowed_networks)
        self._connect_timeout = connect_timeout
        self._total_timeout = total_timeout
        self._limits = (max_hosts, per_host)
        self._user_agent = user_agent
        self._ca_bundle = ca_bundle
        tls_context(ca_bundle)  # a bundle that cannot be read is told here
        self._proxy = Proxy.from_url(proxy) if proxy else None
        self._allowed = allowed
        self._resolve = resolve or (hosts_file_too if allowed else system_resolve)
        # The rules cost 20 µs, and most deliveries go where another has just gone.
        self._read_url = lru_cache(maxsize=2048)(partial(read_url, allowed=allowed))
        self._start()

    def send(self, request: Request) -> Answer:
        """Send a POST and say what came of it. Never raises for the network, the URL or the receiver."""
        started = time.monotonic()
        if self._process != os.getpid():
            self._start()  # the idle connections are the parent's
        try:
            received = self._send(request)
            body = received.read(BODY_SECONDS)
        except (SendFailed, UrlRefused) as failure:
            return _no_answer(failure.code, str(failure), started)
        except Exception:  # one odd request must not end the drain that sends all the others
            logger.exception("A request could not be sent because of a fault in the client.")
            return _no_answer("internal", "A fault in this service kept the request from being sent.", started)
        status, headers = received.head.status, received.head.headers
        message = ""
        if 300 <= status <= 399:
            message = f"The server answered {status}: redirects are not followed. Use the final URL."
        elif body.broken:
            message = f"The server answered {status}, but the rest of its answer broke off."
        return Answer(status, headers, body.kept, body.truncated, _milliseconds(started), "", message)

    def dial(self, url: str) -> Answer:
        """Look up, judge, connect and shake hands as `send` would, then hang up; no `error` if it works."""
        started = time.monotonic()
        try:
            self._adapter.route(self._read_url(url)).open(Deadline(self._total_timeout)).close()
        except (SendFailed, UrlRefused) as failure:
            return _no_answer(failure.code, str(failure), started)
        return Answer(None, [], b"", False, _milliseconds(started))

    def close(self) -> None:
        """Close the idle connections; those in use close when their request is over."""
        self._idle.close()

    def _start(self) -> None:
        total, per_place = self._limits
        self._idle = IdleConnections(total=total, per_place=per_place)
        self._adapter = GuardedAdapter(
            dialer=Dialer(Resolver(self._resolve), self._allowed),
            idle=self._idle,
            proxy=self._proxy,
            ca_bundle=self._ca_bundle,
            connect_timeout=self._connect_timeout,
        )
        self._process = os.getpid()

    def _send(self, request: Request) -> Received:
        deadline = Deadline(self._total_timeout)
        target = self._read_url(request.url)
        if not sendable(request.headers):
            raise SendFailed("bad_header", "A request header cannot be sent: its name or a character is not allowed.")
        headers = {
            "Host": target.host_header,
            "Content-Length": str(len(request.body)),
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "User-Agent": self._user_agent,
        }
        given = {name.lower() for name in request.headers}
        headers = {name: value for name, value in headers.items() if name.lower() not in given}
        headers.update(request.headers)
        if self._proxy and self._proxy.authorization and target.scheme == "http":
            headers["Proxy-Authorization"] = self._proxy.authorization
        prepared = Prepared(target, headers, request.body, request.certificate)
        received: object = self._adapter.send(prepared, stream=True, timeout=deadline)  # type: ignore[arg-type]
        return cast(Received, received)


def _no_answer(code: str, message: str, started: float) -> Answer:
    return Answer(None, [], b"", False, _milliseconds(started), code, message)


def _milliseconds(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
