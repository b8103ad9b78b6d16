"""How a hostile case is written down: what it is an example of, and where the idea comes from."""

from __future__ import annotations

from dataclasses import dataclass

LIST = "hostile-inputs"  # the list of kinds that this project was given
OWN = "own"  # a relative of those, found while the rule was written


@dataclass(frozen=True)
class UrlCase:
    """A URL that is refused when it is saved and when it is sent. `loopback_opens`: unless 127.0.0.0/8 is allowed."""

    kind: str
    source: str
    url: str
    loopback_opens: bool = False

    def __str__(self) -> str:
        return f"{self.kind}: {self.url[:60]!a}"


@dataclass(frozen=True)
class NameCase:
    """A name that is fine when it is saved and leads to these addresses when it is sent."""

    kind: str
    source: str
    addresses: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind}: {' '.join(self.addresses)}"


@dataclass(frozen=True)
class ReplyCase:
    """Bytes that a receiver answers with, what it does `then` (close, reset, keep), and what comes of it.

    Either a `status`, with `body` where it matters, or an `error`.
    """

    kind: str
    source: str
    name: str
    reply: bytes
    then: str = "close"
    status: int | None = None
    error: str = ""
    body: bytes | None = None
    truncated: bool | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


@dataclass(frozen=True)
class HeaderCase:
    """Custom headers that are refused when they are saved."""

    kind: str
    source: str
    headers: dict[str, str]

    def __str__(self) -> str:
        return f"{self.kind}: {str(self.headers)[:60]!a}"
