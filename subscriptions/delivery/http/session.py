"""Single requests beside the stream of deliveries, with `requests`: what a command asks of another service.

The rules are those of deliveries: the address that is dialled is the one that was judged, redirects and proxy variables
are not followed, and an answer has a limit and a deadline.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from .addresses import Network, parse_networks
from .destinations import judged, known_addresses
from .failures import SendFailed
from .lookups import hosts_file_too, system_resolve
from .url_rules import read_url

CHUNK = 64 * 1024


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes


class _Judged:
    """Dials addresses that may be dialled only. `networks` are those that the operator opened."""

    networks: Sequence[Network] = ()
    _dns_host: str
    port: int
    timeout: Any

    def _new_conn(self) -> socket.socket:
        host = self._dns_host.rstrip(".")
        try:
            addresses = known_addresses(host, self.networks)
            if addresses is None:
                look_up = hosts_file_too if self.networks else system_resolve
                addresses = judged(look_up(host), self.networks)
        except socket.gaierror as error:
            raise NameResolutionError(host, self, error) from None  # type: ignore[arg-type]
        failure: OSError | None = None
        for address in addresses:
            try:
                return create_connection((str(address), self.port), self.timeout)
            except OSError as error:
                failure = error
        raise NewConnectionError(self, f"{host} cannot be reached: {failure}") from failure  # type: ignore[arg-type]


class _Adapter(HTTPAdapter):
    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        judged_by = {"networks": self._networks}
        plain = type("Plain", (_Judged, HTTPConnection), judged_by)
        secure = type("Secure", (_Judged, HTTPSConnection), judged_by)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }


class GuardedSession:
    """Safe in one thread. Options as in the service's settings."""

    def __init__(
        self, *, allowed_networks: Sequence[str], proxy: str = "", ca_bundle: str = "", user_agent: str = ""
    ) -> None:
        self._networks = parse_networks(allowed_networks)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_bundle or True
        self._session.headers["User-Agent"] = user_agent
        if proxy:
            self._session.proxies = {"http": proxy, "https": proxy}
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(self._networks))

    def get(self, url: str, headers: Mapping[str, str], *, most_bytes: int, seconds: float) -> Reply:
        """Raises UrlRefused, a ValueError, and SendFailed for the network and an answer that is too long or slow."""
        deadline = time.monotonic() + seconds
        read_url(url, self._networks)
        try:
            with self._session.get(
                url, headers=dict(headers), timeout=min(seconds, 30.0), stream=True, allow_redirects=False
            ) as answer:
                body = b""
                for chunk in answer.iter_content(CHUNK):
                    body += chunk
                    if len(body) > most_bytes:
                        raise SendFailed("too_long", f"The answer is longer than {most_bytes:,} bytes.")
                    if time.monotonic() > deadline:
                        raise SendFailed("timeout", f"The answer took longer than {seconds:,.0f} s.")
                names = {name.lower(): value for name, value in answer.headers.items()}
                return Reply(answer.status_code, names, body)
        except requests.RequestException as error:
            raise SendFailed("unreachable", f"The request failed: {error}") from None
