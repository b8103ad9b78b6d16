"""What goes into the client and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


# Nobody changes them. They are not frozen because that triples what it costs to make one.
@dataclass(slots=True)
class Request:
    """A POST. The client sets Host and Content-Length, and the rest of what HTTP asks for unless given."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    # For a server that asks for one: a stored client certificate (client_certificates.py).
    certificate: str = field(default="", repr=False)
    tenant: int = 0  # the company's id: no connection carries requests of two
    connect_only: bool = False  # hang up when the connection stands: nothing is sent


@dataclass(slots=True)
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
    connected: bool = False  # a connection was opened for it; over https, with a TLS handshake
