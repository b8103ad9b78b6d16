"""An operator's forward proxy: CONNECT for https, the whole URL in the request line for http.

With a proxy, names are looked up and addresses judged there (smokescreen and the like): we keep the rules on
URLs, and tell the proxy's own errors from the endpoint's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from .answers import Head
from .failures import SendFailed


@dataclass(frozen=True, slots=True)
class Proxy:
    host: str
    port: int
    login: str = field(default="", repr=False)  # user:password

    @classmethod
    def from_url(cls, url: str) -> Proxy:
        """A proxy from `http://[user:password@]host:port`. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError("The forward proxy must be written like http://proxy.example.com:4750.")
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
        return cls(parts.hostname, parts.port or 80, login)


def refused_by_proxy(status: int, head: Head) -> SendFailed | None:
    """The failure, if an answer to a request in plain http is the proxy's and not the endpoint's."""
    if status == 407 or head.values("x-smokescreen-error"):
        return SendFailed("proxy", f"The forward proxy refused the request (it answered {status}).")
    return None
